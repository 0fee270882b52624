using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// Everything besides the image that a feature vector depends on. Vectors are shared only where all of it is equal, so a
/// changed model, preparation or version finds none instead of wrong ones. Where <paramref name="Description"/>'s decoder hands an
/// image to another one, that one's name is in the image's key (<see cref="ImagePreprocessor.ContentKey"/>).
/// </summary>
/// <param name="Model">The model's id, for people.</param>
/// <param name="Description">All of it, one fact per line.</param>
/// <param name="Dim">D, the length of a vector.</param>
internal sealed record CacheSpace(string Model, string Description, int Dim)
{
    /// <summary>Raise this number when decoding or preparing images gives other numbers than before.</summary>
    private const int Generation = 3;

    /// <summary>SHA-256 of the description.</summary>
    internal byte[] Fingerprint { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Description));

    /// <summary>Describes where vectors come from.</summary>
    /// <param name="graph">The network as it is run, which settles layer and precision.</param>
    /// <param name="card">Input and preparation.</param>
    /// <param name="decoder">The decoder.</param>
    /// <param name="options">The decoder's options.</param>
    /// <param name="provider">The provider that the network runs on.</param>
    internal static CacheSpace Of(
        NetworkGraph graph, ModelCard card, IImageDecoder decoder, DecodeOptions options, ExecutionProvider provider)
    {
        string[] facts = [.. FactsOf(graph, card, decoder, options), MachineOf(provider)];
        return new CacheSpace(card.Id, string.Join('\n', facts), graph.RowLength);
    }

    /// <summary>The space of the thumbnails that find near duplicates; a row is their bytes, four to a number.</summary>
    /// <param name="description">All that a thumbnail depends on besides the image.</param>
    internal static CacheSpace OfSamples(string description) =>
        new("thumbnails", $"generation {Generation}\n{description}", 3 * ImageSample.Side * ImageSample.Side / sizeof(float));

    /// <summary>What vectors depend on besides the image and the machine.</summary>
    internal static string[] FactsOf(NetworkGraph graph, ModelCard card, IImageDecoder decoder, DecodeOptions options) =>
    [
        $"generation {Generation}",
        .. FactsOf(graph, card),
        $"decoder {decoder.Name}, shrink {options.JpegShrink}, levels {options.Levels}, background ({options.Background.R}, {options.Background.G}, {options.Background.B})",
    ];

    /// <summary>What of a machine changes the last bits of a vector.</summary>
    internal static string MachineOf(ExecutionProvider provider) =>
        $"ONNX Runtime {SessionFactory.RuntimeVersion} on {provider}, {RuntimeInformation.ProcessArchitecture} {VectorUnit}";

    /// <summary>What vectors depend on besides the image, its decoder and the machine: the network, and how an image is prepared for it.</summary>
    internal static string[] FactsOf(NetworkGraph graph, ModelCard card) =>
    [
        $"computation sha256 {Convert.ToHexStringLower(graph.ComputationHash)}",
        $"output {graph.Output}, {graph.RowLength} numbers",
        $"input {card.Input.Tensor} {card.Input.Layout} {card.Input.Height}x{card.Input.Width}",
        $"preprocess {Describe(card.Preprocess)}",
    ];

    // ONNX Runtime's kernels, and with them the last bits, differ from one vector unit to the next.
    private static string VectorUnit => Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "baseline";

    private static string Describe(PreprocessSpec spec) => string.Create(
        CultureInfo.InvariantCulture,
        $"{spec.Filter} {Describe(spec.Resize)}, upsampling {spec.Upsampling}, rescale {spec.Rescale:R}, mean {List(spec.Mean)}, std {List(spec.Std)}, {(spec.Bgr ? "BGR" : "RGB")}");

    // The text is that of earlier versions, so that their rows are found again.
    private static string Describe(Resize resize) => resize.Match(
        stretch => $"to {stretch.Width}x{stretch.Height}, shortest edge , crop {(stretch.Crop is { } crop ? Describe(crop) : "")}",
        shortest => $"to 0x0, shortest edge {shortest.Edge}, crop {Describe(shortest.Crop)}")
        + (resize.CropRounding == CropRounding.HalfToEven ? "" : $" rounded {resize.CropRounding}");

    private static string Describe(ImageSize crop) => crop.Width == crop.Height ? $"{crop.Width}" : $"{crop.Width}x{crop.Height}";

    private static string List(IEnumerable<double> values) => string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
}
