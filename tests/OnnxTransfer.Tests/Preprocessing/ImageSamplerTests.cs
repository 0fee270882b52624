using OnnxTransfer.Preprocessing;
using OnnxTransfer.Training.Auditing;
using SkiaSharp;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>What a check reads from photos: whether two are versions of one picture, and how good one is.</summary>
public sealed class ImageSamplerTests
{
    private static readonly ImageSampler s_sampler = new(ImageDecoders.Default, DecodeOptions.Default);

    [Theory]
    [InlineData("re-encoded")]
    [InlineData("half")]
    [InlineData("crop of 5 %")]
    [InlineData("crop of 10 %")]
    [InlineData("mirrored")]
    [InlineData("mirrored crop")]
    public void Versions_of_a_picture_agree_both_ways(string version)
    {
        foreach (var label in DrawnPhotos.Labels)
        {
            for (var seed = 0; seed < 10; seed++)
            {
                using var photo = DrawnPhotos.Draw(label, seed);
                var (a, b) = (Read(photo).Sample, s_sampler.Read(ImageInput.FromBytes(Version(photo, version)), default)!.Sample);
                Assert.InRange(a.Agreement(b), DuplicateSearch.LeastAgreement, 1.0001);
                Assert.InRange(b.Agreement(a), DuplicateSearch.LeastAgreement, 1.0001);
            }
        }
    }

    [Fact]
    public void Different_pictures_do_not_agree()
    {
        var samples = DrawnPhotos.Labels.SelectMany(label => Enumerable.Range(0, 12).Select(seed => Drawn(label, seed).Sample)).ToList();
        for (var i = 0; i < samples.Count; i++)
        {
            for (var j = 0; j < i; j++) Assert.True(samples[i].Agreement(samples[j]) < DuplicateSearch.LeastAgreement, $"{i} and {j}");
        }
    }

    [Fact]
    public void Plain_pictures_agree_by_their_color_and_not_by_their_noise()
    {
        using var gray = DrawnPhotos.Plain(50, 50, 100);
        using var almost = DrawnPhotos.Plain(60, 40, 102);
        using var white = DrawnPhotos.Plain(50, 50, 250);
        Assert.Equal(1, Read(gray).Sample.Agreement(Read(almost).Sample));
        Assert.Equal(0, Read(gray).Sample.Agreement(Read(white).Sample));
        Assert.True(Read(gray).Sample.Agreement(Drawn("disks", 1).Sample) < DuplicateSearch.LeastAgreement);
    }

    [Fact]
    public void The_content_key_is_that_of_the_content()
    {
        using var photo = DrawnPhotos.Draw("disks", 3);
        var png = DrawnPhotos.Png(photo);
        var key = s_sampler.Read(ImageInput.FromBytes(png, "one"), default)!.ContentKey;
        Assert.Equal(key, s_sampler.Read(ImageInput.FromBytes(png, "another"), default)!.ContentKey);
        Assert.NotEqual(key, s_sampler.Read(ImageInput.FromBytes(DrawnPhotos.Jpeg(photo, 95)), default)!.ContentKey);
        Assert.Null(s_sampler.Read(ImageInput.FromBytes(new byte[] { 1, 2, 3 }), default));
        Assert.Null(s_sampler.Read("/no/such/file.jpg", default));
    }

    [Fact]
    public void A_plain_picture_has_no_information_and_no_edges()
    {
        using var gray = DrawnPhotos.Plain(50, 30, 51);
        var statistics = Read(gray).Statistics;
        Assert.Equal((50, 30, 0.0, 0.0), (statistics.Width, statistics.Height, statistics.Entropy, statistics.Sharpness));
        // sqrt(0.241 + 0.691 + 0.068) = 1.
        Assert.Equal(0.2, statistics.Brightest, 6);
        Assert.Equal(0.2, statistics.Darkest, 6);
        Assert.Equal(0.6, statistics.Aspect!.Value, 6);
        Assert.Equal(Math.Sqrt(1500), statistics.Side!.Value, 6);
    }

    [Fact]
    public void Two_levels_in_equal_parts_are_one_bit_with_one_sharp_edge()
    {
        var rgb = new byte[3 * 96 * 96];
        for (var i = 0; i < rgb.Length / 2; i++) rgb[i] = 200;
        var statistics = ImageStatistics.Of(rgb, 96, 10, 20);
        Assert.Equal(1, statistics.Entropy, 6);
        Assert.Equal(200 / 255.0, statistics.Brightest, 6);
        Assert.Equal(0, statistics.Darkest, 6);
        // One of 94 inner rows has the edge 8·200 - 5·200 = 600, cut to 255; the next one is below 0.
        var share = 1 / 94.0;
        Assert.Equal(255 * Math.Sqrt(share * (1 - share)), statistics.Sharpness, 6);
    }

    [Fact]
    public void Blur_lowers_the_sharpness_below_the_limit()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            using var photo = DrawnPhotos.Draw("stripes", seed);
            using var blurred = DrawnPhotos.Blurred(photo, 8);
            Assert.True(Read(photo).Statistics.Sharpness > QualityChecks.LeastSharpness);
            Assert.True(Read(blurred).Statistics.Sharpness < QualityChecks.LeastSharpness);
        }
    }

    private static SampledImage Drawn(string label, int seed)
    {
        using var photo = DrawnPhotos.Draw(label, seed);
        return Read(photo);
    }

    private static SampledImage Read(SKBitmap bitmap) => s_sampler.Read(ImageInput.FromBytes(DrawnPhotos.Png(bitmap)), default)!;

    private static byte[] Version(SKBitmap photo, string version)
    {
        switch (version)
        {
            case "re-encoded": return DrawnPhotos.Jpeg(photo, 50);
            case "half":
                using (var half = DrawnPhotos.Resized(photo, 0.5)) return DrawnPhotos.Jpeg(half, 90);
            case "mirrored":
                using (var mirrored = DrawnPhotos.Mirrored(photo)) return DrawnPhotos.Jpeg(mirrored, 90);
            case "mirrored crop":
                using (var mirrored = DrawnPhotos.Mirrored(photo))
                using (var crop = DrawnPhotos.Cropped(mirrored, 0.05)) return DrawnPhotos.Jpeg(crop, 90);
            default:
                using (var crop = DrawnPhotos.Cropped(photo, version == "crop of 5 %" ? 0.05 : 0.1)) return DrawnPhotos.Jpeg(crop, 90);
        }
    }
}
