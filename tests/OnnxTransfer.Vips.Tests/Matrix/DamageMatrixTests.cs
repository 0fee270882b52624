using System.Globalization;
using OnnxTransfer.Decoding;
using OnnxTransfer.Heic;
using OnnxTransfer.TestSupport;
using Xunit.Abstractions;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>
/// Every format and arrangement, damaged in every way, by every decoder: pixels that clearly differ from those of the sound file never come
/// without a warning or a refusal.
/// </summary>
public sealed class DamageMatrixTests(ITestOutputHelper output)
{
    /// <summary>The greatest difference from the sound pixels, in the mean and of 255, that is none to speak of.</summary>
    private const double Clearly = 2;

    private static readonly IImageDecoder s_skia = new SkiaImageDecoder(new DecoderRegistry());

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var name in DamagedFiles.Names)
            {
                foreach (var decoder in DecodersOf(name)) cells.Add(name, decoder.Name.Split(' ')[0]);
            }

            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void DamagedFile_IsRefusedOrWarnedOf_WhereItsPixelsDiffer(string name, string by)
    {
        var decoder = DecodersOf(name).Single(one => one.Name.StartsWith(by, StringComparison.Ordinal));
        var seen = new Outcomes();
        seen.Take(decoder, name, DamagedFiles.Sound(name));
        output.WriteLine($"{seen.Refused} refused, {seen.Warned} used with a warning, {seen.Used} used");
        Assert.True(seen.Silent.Count == 0, $"by {by}: {string.Join("; ", seen.Silent)}");
    }

    [SharedFact("data/flowers")]
    public void DamagedPhotos_AreRefusedOrWarnedOf_WhereTheirPixelsDiffer()
    {
        var seen = new Outcomes();
        foreach (var path in Directory.EnumerateFiles(Repository.SharedPath("data/flowers"), "*.jpg", SearchOption.AllDirectories).Order().Where((_, i) => i % 12 == 0))
        {
            foreach (var decoder in new[] { s_skia, VipsDecoder.Instance }) seen.Take(decoder, $"{Path.GetFileName(path)} by {decoder.Name}", File.ReadAllBytes(path));
        }

        output.WriteLine($"{seen.Refused} refused, {seen.Warned} used with a warning, {seen.Used} used");
        Assert.True(seen.Silent.Count == 0, string.Join("; ", seen.Silent));
    }

    /// <summary>WebP has no checksum, and its decoder no way to see that codes are others than the encoder wrote, as long as none are missing.</summary>
    private static bool HasNoChecksum(string name, string how) => name.StartsWith("WebP", StringComparison.Ordinal) && how.Contains("zeroed", StringComparison.Ordinal);

    private static IImageDecoder[] DecodersOf(string name) => name.Split(' ')[0] switch
    {
        "TIFF" or "AVIF" => [VipsDecoder.Instance],
        "HEIC" => [HeicDecoder.Instance],
        _ => [s_skia, VipsDecoder.Instance],
    };

    /// <summary>What became of damaged files.</summary>
    private sealed class Outcomes
    {
        internal int Refused { get; private set; }

        internal int Warned { get; private set; }

        internal int Used { get; private set; }

        /// <summary>The files whose pixels are clearly wrong, without a word.</summary>
        internal List<string> Silent { get; } = [];

        internal void Take(IImageDecoder decoder, string name, byte[] file)
        {
            using var sound = decoder.Decode(file);
            Assert.Empty(sound.Warnings);
            var right = sound.Pixels.ToArray();
            foreach (var (how, damaged) in DamagedFiles.Damages(file))
            {
                try
                {
                    using var pixels = decoder.Decode(damaged);
                    Assert.Equal(right.Length, pixels.Pixels.Length);
                    var difference = Difference(pixels.Pixels, right);
                    if (pixels.Warnings.Count > 0)
                    {
                        Warned++;
                        Assert.Throws<ImageDecodeException>(() => decoder.Decode(damaged, new DecodeOptions { Strict = true }));
                        continue;
                    }

                    Used++;
                    if (difference > Clearly && !HasNoChecksum(name, how)) Silent.Add(string.Create(CultureInfo.InvariantCulture, $"{name}, {how}: {difference:F1} of 255"));
                }
                catch (ImageDecodeException)
                {
                    Refused++;
                }
            }
        }

        private static double Difference(ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> right)
        {
            var sum = 0L;
            for (var i = 0; i < pixels.Length; i++) sum += Math.Abs(pixels[i] - right[i]);
            return sum / (double)pixels.Length;
        }
    }
}
