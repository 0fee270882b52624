namespace OnnxTransfer;

/// <summary>How a layer with height and width becomes one vector per image; a layer that is one already stays as it is.</summary>
public enum FeaturePooling
{
    /// <summary>The mean of each channel over all places, as Keras' <c>GlobalAveragePooling2D</c>.</summary>
    Average,

    /// <summary>The greatest value of each channel, as Keras' <c>GlobalMaxPooling2D</c>.</summary>
    Max,

    /// <summary>Every value, height times width times channels, in the order of the network's own axes, as Keras' <c>Flatten</c>.</summary>
    Flatten,

    /// <summary>
    /// Nothing is added to the network: a cut file's output keeps its four axes. The vector has the values of
    /// <see cref="Flatten"/>; so do several layers, since only vectors can be joined.
    /// </summary>
    None,
}
