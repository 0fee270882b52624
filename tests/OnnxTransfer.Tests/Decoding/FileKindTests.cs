using System.Text;

namespace OnnxTransfer.Tests.Decoding;

public sealed class FileKindTests
{
    public static TheoryData<string, string> Signatures => new()
    {
        { "<!DOCTYPE html><html><head><title>404</title>", "an HTML page" },
        { "\u00EF\u00BB\u00BF\r\n<HTML>", "an HTML page" },
        { "<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "an SVG drawing" },
        { "<svg width='1' height='1'/>", "an SVG drawing" },
        { "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an XML document" },
        { "{\"error\": \"not found\"}", "text, perhaps JSON" },
        { "This is a note.", "text" },
        { "data:image/png;base64,iVBORw0KGgo=", "a data URI" },
        { "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "a Git LFS pointer" },
        { "%PDF-1.7\n%\u00E2\u00E3", "a PDF document" },
        { "%!PS-Adobe-3.0 EPSF-3.0", "a PostScript document" },
        { "8BPS\0\u0001\0\0\0\0", "a Photoshop document" },
        { "PK\u0003\u0004\u0014\0\0\0", "a ZIP archive" },
        { "\u001F\u008B\u0008\0\0\0", "a gzip archive" },
        { "\0\0\0\u000CjP  \r\n\u0087\n\0\0\0", "a JPEG 2000 image" },
        { "\u00FFO\u00FFQ\0/", "a JPEG 2000 image" },
        { "\0\0\0\u000CJXL \r\n\u0087\n\0\0\0", "a JPEG XL image" },
        { "\u00FF\n\u0000\u0010", "a JPEG XL image" },
        { "II\u00BC\u0001\0\0\0\0", "a JPEG XR image" },
        { "\0\0\0\u0018ftypmp42\0\0\0\0mp42isom", "an MP4 video" },
        { "\0\0\0\u0014ftypqt  \0\0\0\0qt  ", "an MP4 video" },
        { "\0\0\0\u0008wide\0\0\u0010\0mdat", "an MP4 video" },
        { "\0\0\0\u0018ftypcrx \0\0\0\u0001crx isom", "a raw camera photo (CR3)" },
        { "\0\0\0\u0018ftypavci\0\0\0\u0001miafavci", "a HEIF image with a codec" },
        { "\u001AE\u00DF\u00A3\u0001\0\0\0", "a Matroska or WebM video" },
        { "RIFF\0\u0001\0\0AVI LIST", "an AVI video" },
        { "RIFF\0\u0001\0\0WAVEfmt ", "an audio file" },
        { "FUJIFILMCCD-RAW 0201", "a raw camera photo (RAF)" },
        { "IIU\0\u0018\0\0\0", "a raw camera photo (RW2)" },
        { "IIRO\u0008\0\0\0", "a raw camera photo (ORF)" },
        { "II*\0\u0010\0\0\0CR\u0002\0", "a raw camera photo (CR2)" },
        { "P6\n2 2\n255\n", "a Netpbm image" },
        { "v/1\u0001\u0002\0\0\0", "an OpenEXR image" },
        { "\0\u0005\u0016\u0007\0\u0002\0\0Mac OS X", "the Mac metadata" },
        { "\0\0\0\0\0\0\0\0\0\0\0\0", "nothing but zeros" },
        { "\u00FF\u00D8\u00FF\u00C3\0\u0011\u0010\0\u0010\0\u0010\u0003", "a lossless JPEG image" },
        { "\u00FF\u00D8\u00FF\u00F7\0\u0011\u0008\0\u0010\0\u0010\u0003", "a JPEG-LS image" },
        { "\u00FF\u00D8\u00FF\u00C1\0\u0011\u000C\0\u0010\0\u0010\u0003", "a JPEG image with 12 bits" },
    };

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Decode_WhatIsNoImageHere_IsNamedWithWhatToDo(string beginning, string name)
    {
        byte[] file = [.. Encoding.Latin1.GetBytes(beginning), .. beginning[0] == '\u00FF' && beginning[2] == '\u00FF' ? new byte[16] : []];
        var exception = Assert.Throws<ImageDecodeException>(() => ImageDecoders.Default.Decode(file));
        Assert.StartsWith($"The content is {name}", exception.Message, StringComparison.Ordinal);
        Assert.Matches(", which is not a supported image format: .{10,}[.]$", exception.Message);
    }

    [Theory]
    [InlineData(50706, 1, new byte[] { 1, 4, 0, 0 }, "DNG")]
    [InlineData(262, 3, new byte[] { 0x23, 0x80 }, "a raw camera photo")]
    public void Decode_TiffOfSensorValues_IsNamedAsARawPhoto(int tag, int type, byte[] value, string name)
    {
        var file = CarrierFile.Tiff(true, false, tag == 262 ? [] : [(tag, type, value)]);
        if (tag == 262) value.CopyTo(file, file.AsSpan().IndexOf((byte[])[6, 1, 3, 0, 1, 0, 0, 0]) + 8);
        Assert.Contains(name, Assert.Throws<ImageDecodeException>(() => ImageDecoders.Default.Decode(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_BytesOfNoKnownKind_SaysWhatIsRead() =>
        Assert.StartsWith("The content is not an image in a supported format", Assert.Throws<ImageDecodeException>(() => ImageDecoders.Default.Decode([1, 2, 3, 4, 5, 6, 7, 8])).Message, StringComparison.Ordinal);
}
