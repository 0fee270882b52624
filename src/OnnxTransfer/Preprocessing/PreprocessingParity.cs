using System.Runtime.InteropServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Checks that decoder and kernels on this machine give the numbers of their references. The library carries two tiny images and the
/// results of Pillow's, TensorFlow's and OpenCV's formulas for them.
/// </summary>
internal static class PreprocessingParity
{
    private const int Side = 20;
    private const int ShortSide = 24;

    /// <summary>Decoders may differ by rounding in JPEG's transform and chroma.</summary>
    private const double JpegTolerance = 4;

    /// <summary>A unit in the last place of 255, twice.</summary>
    private const double FloatTolerance = 4e-5;

    /// <summary>The images that are carried, by name: for checks of what comes after the preprocessing.</summary>
    internal static IReadOnlyList<string> Images { get; } = ["picture.png", "picture.jpg"];

    /// <summary>Whether decoders may differ in a carried image's pixels.</summary>
    internal static bool IsLossy(string name) => name.EndsWith(".jpg", StringComparison.Ordinal);

    /// <summary>The bytes of a carried image.</summary>
    internal static byte[] Image(string name) => Resource(name);

    /// <summary>Decodes and resizes the carried images.</summary>
    /// <param name="decoder">The decoder to prove.</param>
    /// <exception cref="ImageDecodeException">The decoder does not read them at all.</exception>
    internal static IReadOnlyList<ParityResult> Verify(IImageDecoder decoder)
    {
        var results = new List<ParityResult>();
        foreach (var name in Images)
        {
            using var decoded = decoder.Decode(Resource(name));
            var tolerance = IsLossy(name) ? JpegTolerance : 0;
            results.Add(new ParityResult($"{decoder.Name} decodes {name}", Difference(Resource(name + ".rgb"), Floats(decoded.Pixels)), tolerance));
        }

        var picture = Resource("picture.png");
        foreach (var filter in Enum.GetValues<ResizeFilter>())
            results.Add(Resized(filter.ToString(), new PreprocessSpec { Filter = filter, Resize = Resize.Stretch(Side, Side), Rescale = 1 }, decoder, picture));

        var shortest = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.ShortestEdge(ShortSide, Side), Rescale = 1 };
        results.Add(Resized("ShortestEdgeAndCrop", shortest, decoder, picture));
        return results;
    }

    private static ParityResult Resized(string name, PreprocessSpec spec, IImageDecoder decoder, byte[] picture)
    {
        var tensor = new float[3 * Side * Side];
        new ImagePreprocessor(spec, TensorLayout.Nhwc, decoder).Prepare(picture, tensor);
        var exact = spec.Filter is not (ResizeFilter.TensorFlowBilinear or ResizeFilter.TorchBilinear);
        var difference = exact
            ? Difference(Resource(name + ".rgb"), tensor)
            : Difference(MemoryMarshal.Cast<byte, float>(Resource(name + ".f32")), tensor);
        return new ParityResult($"resize {name}", difference, exact ? 0 : FloatTolerance);
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes)
    {
        var floats = new float[bytes.Length];
        for (var i = 0; i < bytes.Length; i++) floats[i] = bytes[i];
        return floats;
    }

    private static double Difference(byte[] expected, float[] actual) => Difference(Floats(expected), actual);

    /// <summary>Infinite when the sizes differ: then nothing is comparable.</summary>
    private static double Difference(ReadOnlySpan<float> expected, float[] actual)
    {
        if (expected.Length != actual.Length) return double.PositiveInfinity;
        var greatest = 0.0;
        for (var i = 0; i < actual.Length; i++) greatest = Math.Max(greatest, Math.Abs((double)expected[i] - actual[i]));
        return greatest;
    }

    internal static byte[] Resource(string name)
    {
        using var stream = typeof(PreprocessingParity).Assembly.GetManifestResourceStream("parity/" + name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
