using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Embedding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Training;

/// <summary>
/// Synthetic images of a network's input size, and a classifier's probabilities for them. They are in the classifier's file, so that a
/// program, here or in another runtime, can check that the file still gives the same probabilities.
/// </summary>
/// <param name="Probabilities">One row <c>[C]</c> per image.</param>
internal sealed partial record ClassifierProbe(IReadOnlyList<float[]> Probabilities)
{
    /// <summary>
    /// SHA-256 of the card in the file: the probe images have the network's size already, so that they do not show another resize or crop. Null in
    /// files of earlier builds.
    /// </summary>
    internal string? CardSha256 { get; init; }

    /// <summary>How far a probability may be off when the same machine computes it in another order.</summary>
    internal const float SameMachine = 1e-5f;

    /// <summary>How far it may be off on another processor or provider, where an integer kernel may round to the next code; a wrong weight or channel is off by more.</summary>
    internal const float AnotherMachine = 1e-2f;

    private const int Images = 2;

    /// <summary>For the reader of the file; <see cref="Pixel"/> is the same in C#.</summary>
    private const string Formula = "uint8 pixel[n,y,x,c] = ((n+1)*(3*y+5*x) + 85*c) mod 256";

    /// <summary>A classifier's probabilities for its probe images; NaN where the network gives a vector that cannot be used.</summary>
    internal static ClassifierProbe Of(ImageNetwork network, ClassifierHead head) =>
        new([.. Rows(network).Select(row => FiniteVector.ProblemOf(row) is null ? head.Probabilities(row) : [.. Enumerable.Repeat(float.NaN, head.ClassCount)])]);

    /// <summary>Whether the network gave no numbers for an image, so that nothing could be compared with it.</summary>
    internal bool HasNoAnswer => Probabilities.Any(row => float.IsNaN(row[0]));

    /// <summary>The feature vectors of the probe images.</summary>
    internal static IEnumerable<float[]> Rows(ImageNetwork network)
    {
        var input = network.Card.Input;
        // The images have the input's size already, so nothing is resized and nothing cut away.
        var spec = network.Card.Preprocess with
        {
            Filter = ResizeFilter.Nearest,
            Resize = Resize.Stretch(input.Width, input.Height),
        };
        var preprocessor = new ImagePreprocessor(spec, input.Layout);
        for (var n = 0; n < Images; n++)
        {
            using var pixels = PixelBuffer.FromRgb(Pixels(n, input.Height, input.Width), input.Width, input.Height);
            using var batch = TensorBatch.Rent(1, input.Width, input.Height, input.Layout);
            preprocessor.Prepare(pixels, batch.Image(0));
            yield return network.Run(batch);
        }
    }

    /// <summary>Image <paramref name="n"/>, <c>[H,W,3]</c>.</summary>
    internal static byte[] Pixels(int n, int height, int width)
    {
        var pixels = new byte[height * width * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = Pixel(n, i / 3 / width, i / 3 % width, i % 3);
        return pixels;
    }

    /// <summary>The greatest difference of a probability to another's; infinite where the other is of another shape.</summary>
    internal float DifferenceTo(ClassifierProbe other)
    {
        if (!Probabilities.Select(row => row.Length).SequenceEqual(other.Probabilities.Select(row => row.Length))) return float.PositiveInfinity;
        var worst = 0f;
        foreach (var (ours, theirs) in Probabilities.Zip(other.Probabilities))
        {
            // A NaN compares as greater than any tolerance.
            for (var c = 0; c < ours.Length; c++) worst = float.IsNaN(ours[c] - theirs[c]) ? float.PositiveInfinity : Math.Max(worst, Math.Abs(ours[c] - theirs[c]));
        }

        return worst;
    }

    internal string ToJson() => JsonSerializer.Serialize(new Document(Formula, [.. Probabilities], AnotherMachine, CardSha256), ProbeJson.Default.Document);

    /// <exception cref="JsonException">The text is no probe.</exception>
    /// <exception cref="InvalidDataException">Its images are others than this version's.</exception>
    internal static ClassifierProbe FromJson(string json)
    {
        var document = JsonSerializer.Deserialize(json, ProbeJson.Default.Document);
        if (document is not { Images: Formula, Probabilities: { Length: Images } rows } || rows.Contains(null!)) throw new InvalidDataException("its probe images differ from the ones that this version knows.");
        return new ClassifierProbe(rows) { CardSha256 = document.CardSha256 };
    }

    private static byte Pixel(int n, int y, int x, int c) => unchecked((byte)(((n + 1) * ((3 * y) + (5 * x))) + (85 * c)));

    private sealed record Document(string Images, float[][] Probabilities, float Tolerance, string? CardSha256);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Document))]
    private sealed partial class ProbeJson : JsonSerializerContext;
}
