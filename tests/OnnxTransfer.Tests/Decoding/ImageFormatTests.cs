using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class ImageFormatTests
{
    [Theory]
    [InlineData("avif", "", ImageFormat.Avif)]
    [InlineData("avis", "avif,msf1", ImageFormat.Avif)]
    [InlineData("heic", "mif1,heic", ImageFormat.Heic)]
    [InlineData("heix", "", ImageFormat.Heic)]
    [InlineData("hevc", "", ImageFormat.Heic)]
    [InlineData("mif1", "mif1,heic", ImageFormat.Heic)]
    [InlineData("mif1", "mif1,miaf,avif", ImageFormat.Avif)]
    [InlineData("mif1", "avif,heic", ImageFormat.Avif)]
    [InlineData("msf1", "hevc", ImageFormat.Heic)]
    [InlineData("mif1", "", ImageFormat.Heic)]
    [InlineData("isom", "mp42", ImageFormat.Unknown)]
    // What a film may contain does not make it a picture.
    [InlineData("isom", "avif,heic", ImageFormat.Unknown)]
    [InlineData("qt  ", "", ImageFormat.Unknown)]
    public void Detect_IsoBaseMedia_GoesByItsBrands(string first, string others, ImageFormat format)
    {
        byte[] brands = [.. others.Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(System.Text.Encoding.ASCII.GetBytes)];
        byte[] file = [0, 0, 0, (byte)(16 + brands.Length), .. "ftyp"u8, .. System.Text.Encoding.ASCII.GetBytes(first), 0, 0, 0, 0, .. brands, .. "avif"u8];
        Assert.Equal(format, ImageFormats.Detect(file));
    }

    [Fact]
    public void Detect_CutOffBrands_ReadsNotBehindTheEnd()
    {
        byte[] file = [255, 255, 255, 255, .. "ftyp"u8, .. "mif1"u8, 0, 0, 0, 0, .. "avif"u8];
        Assert.Equal(ImageFormat.Avif, ImageFormats.Detect(file));
        for (var length = 12; length < file.Length; length++) Assert.Equal(ImageFormat.Heic, ImageFormats.Detect(file.AsSpan(0, length)));
        Assert.Equal(ImageFormat.Unknown, ImageFormats.Detect(file.AsSpan(0, 11)));
    }

    [Fact]
    public void Detect_TheSamples_AreWhatTheirNamesSay()
    {
        var formats = new Dictionary<string, ImageFormat>
        {
            [".jpg"] = ImageFormat.Jpeg, [".png"] = ImageFormat.Png, [".gif"] = ImageFormat.Gif, [".webp"] = ImageFormat.Webp,
            [".tif"] = ImageFormat.Tiff, [".bmp"] = ImageFormat.Bmp, [".avif"] = ImageFormat.Avif, [".heic"] = ImageFormat.Heic,
        };
        var samples = Directory.GetFiles(Sample.Folder).Where(file => !file.EndsWith(".py", StringComparison.Ordinal)).ToList();
        Assert.True(samples.Count > 40);
        Assert.All(samples, file => Assert.Equal(formats[Path.GetExtension(file)], ImageFormats.Detect(File.ReadAllBytes(file))));
    }
}
