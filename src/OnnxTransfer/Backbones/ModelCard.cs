using System.Text;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Inspection;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The facts that are needed to use an ONNX file as a backbone: its tensors, its preprocessing, its origin and license. Read from the
/// <c>.model.json</c> beside the file, or taken from the catalog.
/// </summary>
internal sealed record ModelCard
{
    /// <summary>The identifier, as in <c>FeatureExtractor.Load("mobilenet-v2")</c>.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hexadecimal digits; null when not stated.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The license of the weights, by SPDX identifier where one exists; null when not stated.</summary>
    public string? License { get; init; }

    /// <summary>Where the weights come from; null when not stated.</summary>
    public string? Source { get; init; }

    /// <summary>The image input.</summary>
    public required ModelInput Input { get; init; }

    /// <summary>The tensor of features.</summary>
    public required ModelFeatures Features { get; init; }

    /// <summary>The network's own classes; null when it has none.</summary>
    public ModelClasses? Classes { get; init; }

    /// <summary>How an image becomes the input tensor.</summary>
    public required PreprocessSpec Preprocess { get; init; }

    /// <summary>What a user should know before they trust the preprocessing, each in one sentence; not written to a file.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = EquatableList.Of(value); } = EquatableList.Of<string>([]);

    /// <summary>The path of the card of an ONNX file: <c>X.onnx</c> has <c>X.model.json</c> beside it.</summary>
    /// <param name="onnxPath">Path of the ONNX file.</param>
    public static string PathFor(string onnxPath) => Path.ChangeExtension(onnxPath, ".model.json");

    /// <summary>Reads a <c>.model.json</c> file.</summary>
    /// <param name="path">Path of the card itself, not of the model.</param>
    /// <exception cref="ModelException">There is no such file, or it is not a card: the message names file and field.</exception>
    public static ModelCard Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path)) Throw.CardNotFound(path);
        return ModelCardJson.Parse(File.ReadAllBytes(path), path);
    }

    /// <summary>Writes a <c>.model.json</c> file: a reader sees the old content or the new, never a part.</summary>
    /// <param name="path">Path of the card; an existing file is replaced.</param>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ToJson()));
    }

    /// <summary>Writes a model's file and this card beside it, so that no kill and no full disk leaves a model with another one's card.</summary>
    internal void SaveWith(string onnxPath, byte[] model) => AtomicFile.WritePair(onnxPath, model, PathFor(onnxPath), Encoding.UTF8.GetBytes(ToJson()));

    /// <summary>The card as the indented JSON of a <c>.model.json</c> file; equal cards give equal text on every machine.</summary>
    public string ToJson() => ModelCardJson.Format(this);

    /// <summary>Reads a card from JSON, for example from the metadata of an ONNX file.</summary>
    /// <param name="json">The text of a <c>.model.json</c> file.</param>
    /// <param name="origin">Where the text comes from, for error messages.</param>
    /// <exception cref="ModelException">The text is not a card: the message names origin and field.</exception>
    public static ModelCard FromJson(string json, string origin = "the model card")
    {
        ArgumentNullException.ThrowIfNull(json);
        return ModelCardJson.Parse(Encoding.UTF8.GetBytes(json), origin);
    }
}

/// <summary>The image input of a model.</summary>
/// <param name="Tensor">The input's name.</param>
/// <param name="Layout">The order of its axes.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
internal sealed record ModelInput(string Tensor, TensorLayout Layout, int Height, int Width)
{
    /// <summary>The shape of one image, in the order of the axes.</summary>
    public long[] ImageShape => Layout == TensorLayout.Nchw ? [3, Height, Width] : [Height, Width, 3];
}

/// <summary>
/// The feature tensor of a model: <c>[N,D]</c>, <c>[N,D,1,1]</c> or <c>[N,1,1,D]</c>, one vector per image; or a map or tokens, which a pooling
/// makes one vector.
/// </summary>
/// <param name="Tensor">The tensor's name: an output of the graph, or an inner tensor that is promoted to one.</param>
/// <param name="Dim">D, the length of one feature vector.</param>
/// <param name="Pooling">What makes the tensor one vector; null where it is one.</param>
internal sealed record ModelFeatures(string Tensor, int Dim, FeaturePooling? Pooling = null);

/// <summary>The classes a backbone was trained on.</summary>
/// <param name="Tensor">The tensor of <c>[N,C]</c> scores.</param>
/// <param name="Kind">The kind of the scores.</param>
/// <param name="Count">C, the number of classes.</param>
/// <param name="Labels">A text file beside the model with one label per line, in class order, or <see cref="ClassNames.ImageNet"/>; null when the names are not known.</param>
internal sealed record ModelClasses(string Tensor, ScoreKind Kind, int Count, string? Labels);
