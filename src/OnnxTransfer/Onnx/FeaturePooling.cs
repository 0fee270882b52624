namespace OnnxTransfer;

/// <summary>
/// How a layer with height and width, or with the tokens of a transformer, becomes one vector per image; a layer that is one already
/// stays as it is.
/// </summary>
public enum FeaturePooling
{
    /// <summary>
    /// The mean of each channel over all places, as Keras' <c>GlobalAveragePooling2D</c>; of tokens, <see cref="MeanTokens"/>.
    /// </summary>
    Average,

    /// <summary>The greatest value of each channel over all places, as Keras' <c>GlobalMaxPooling2D</c>; of tokens, over the patches.</summary>
    Max,

    /// <summary>Every value, height times width times channels, in the order of the network's own axes, as Keras' <c>Flatten</c>.</summary>
    Flatten,

    /// <summary>
    /// Nothing is added to the network: a cut file's output keeps its four axes. The vector has the values of
    /// <see cref="Flatten"/>; so do several layers, since only vectors can be joined.
    /// </summary>
    None,

    /// <summary>The class token of a transformer's <c>[N,T,D]</c>: the first token, D numbers.</summary>
    Cls,

    /// <summary>
    /// The mean of the tokens that stand for patches of the image, D numbers. The class token, a distillation token and registers are left
    /// out; the graph tells how many there are.
    /// </summary>
    MeanTokens,

    /// <summary>The class token, then the mean of the patches: 2D numbers.</summary>
    ClsAndMean,

    /// <summary>
    /// The class tokens of the last four blocks, each after the network's last normalization, earliest first, then the mean of the patches
    /// of the last: 5D numbers. This is the linear evaluation of DINOv2 (Oquab et al. 2023, <c>create_linear_input</c>).
    /// </summary>
    LastFourAndMean,
}
