using OnnxTransfer.Backbones;

namespace OnnxTransfer;

/// <summary>The known facts about a backbone: from the catalog, from the <c>.model.json</c> beside its file, or from its graph.</summary>
public sealed record ModelInfo
{
    private ModelInfo(ModelCard card) => Card = card;

    /// <summary>The identifier, as in <c>FeatureExtractor.Load("mobilenet-v2")</c>.</summary>
    public string Id => Card.Id;

    /// <summary>A name for people, for example <c>ResNet-50 v2</c>; null for a model that the catalog does not have.</summary>
    public string? Name => Entry?.Name;

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hexadecimal digits; null when not stated.</summary>
    public string? Sha256 => Card.Sha256;

    /// <summary>The license of the weights, by SPDX identifier where one exists; null when not stated.</summary>
    public string? License => Card.License;

    /// <summary>Where the weights come from; null when not stated.</summary>
    public string? Source => Card.Source;

    /// <summary>Height in pixels of the image input.</summary>
    public int Height => Card.Input.Height;

    /// <summary>Width in pixels of the image input.</summary>
    public int Width => Card.Input.Width;

    /// <summary>The order of the axes of the image input.</summary>
    public TensorLayout Layout => Card.Input.Layout;

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim => Card.Features.Dim;

    /// <summary>C, the number of the network's own classes; 0 when it has none.</summary>
    public int ClassCount => Card.Classes?.Count ?? 0;

    /// <summary>How an image becomes the input.</summary>
    public PreprocessSpec Preprocess => Card.Preprocess;

    /// <summary>Size of the ONNX file in bytes; null when the catalog does not have the model.</summary>
    public long? Bytes => Entry?.Bytes;

    /// <summary>
    /// The NuGet package that puts the model beside an application, where the catalog names one; null when the model is downloaded, or
    /// the catalog does not have it.
    /// </summary>
    public string? Package => Entry?.Package;

    /// <summary>Published top-1 accuracy on ImageNet's validation set, in percent; null when none is known.</summary>
    public double? Top1 => Entry?.Top1;

    /// <summary>Published top-5 accuracy on ImageNet's validation set, in percent; null when none is known.</summary>
    public double? Top5 => Entry?.Top5;

    /// <summary>Who published the accuracy; null when none is known.</summary>
    public string? AccuracySource => Entry?.AccuracySource;

    /// <summary>Further notes for a user of this model; null if there are none.</summary>
    public string? Note => Entry?.Note;

    /// <summary>
    /// What to know before trusting the preprocessing, each in one sentence: fields that a configuration leaves out and whose default has
    /// changed, two sizes in one configuration, names of classes that do not fit. Empty for a model with a card.
    /// </summary>
    public IReadOnlyList<string> Warnings => Card.Warnings;

    /// <summary>Whether the library carries feature vectors of this model for <c>FeatureExtractor.VerifyParity()</c> to compare with.</summary>
    public bool HasReferenceVectors => ReferenceVectors.Exist(Card);

    internal ModelCard Card { get; }

    /// <summary>
    /// The catalog's entry for the same file. It is looked up at the first access, because most uses of a model never read the catalog.
    /// </summary>
    internal CatalogEntry? Entry => ModelCatalog.Default.TryFind(Card.Id, out var entry) && entry.Card.Sha256 == Card.Sha256 ? entry : null;

    internal static ModelInfo Of(ModelCard card) => new(card);
}
