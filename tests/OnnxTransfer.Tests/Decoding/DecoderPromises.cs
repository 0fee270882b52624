using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>What every decoder promises, whatever formats it reads; one derived class runs it against each.</summary>
public abstract class DecoderPromises
{
    public abstract IImageDecoder Decoder { get; }

    /// <summary>A file of <see cref="Sample.Width"/> by <see cref="Sample.Height"/> pixels.</summary>
    private protected abstract byte[] Sound { get; }

    /// <summary>A file that takes longer than a tick.</summary>
    private protected abstract byte[] Slow { get; }

    /// <summary>Files of every kind that the decoder knows.</summary>
    private protected abstract byte[][] Several { get; }

    [Fact]
    public void Decode_NoBytes_SaysSo()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode([]));
        Assert.Equal("The image is empty: it has no bytes.", exception.Message);
    }

    [Fact]
    public void Decode_Text_SaysItIsNoImage()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode("This is a note that somebody named holiday.jpg."u8));
        Assert.Equal("The content is text, which is not a supported image format: replace it with the image.", exception.Message);
    }

    [Theory]
    [InlineData("isom", "mp42")]
    [InlineData("qt  ", "qt  ")]
    [InlineData("\u0001\u00ff\u0000x", "isom")]
    public void Decode_Video_SaysThatItIsOne(string brand, string other)
    {
        byte[] bytes = [0, 0, 0, 20, .. "ftyp"u8, .. System.Text.Encoding.Latin1.GetBytes(brand), 0, 0, 0, 0, .. System.Text.Encoding.Latin1.GetBytes(other), .. new byte[40]];
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes));
        Assert.Matches("^The content is an MP4 video or a similar file \\(brand '[ -~]{4}'\\), which is not a supported image format: ", exception.Message);
    }

    [Fact]
    public void Decode_PixelLimit_IsInclusive()
    {
        Decoder.Decode(Sound, new DecodeOptions { MaxPixels = Sample.Width * Sample.Height }).Dispose();
        Assert.Throws<ImageDecodeException>(
            () => Decoder.Decode(Sound, new DecodeOptions { MaxPixels = (Sample.Width * Sample.Height) - 1 }));
    }

    [Fact]
    public void Decode_MoreBytesThanTheLimit_IsRefused()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sound, new DecodeOptions { MaxEncodedBytes = 50 }));
        Assert.Contains("more than the limit of 50", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_LongerThanTheLimit_IsRefused()
    {
        // One tick is shorter than any decode.
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Slow, new DecodeOptions { MaxTime = new TimeSpan(1) }));
        Assert.Contains("the limit that guards against hangs", exception.Message, StringComparison.Ordinal);
        Assert.True(exception.TimedOut);
    }

    [Fact]
    public void Decode_SixteenThreadsAtOnce_AllGetTheSamePixels()
    {
        var files = Several;
        var alone = files.Select(Pixels).ToArray();
        var wrong = 0;
        var threads = Enumerable.Range(0, 16).Select(start => new Thread(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                var file = (start + i) % files.Length;
                if (!Pixels(files[file]).AsSpan().SequenceEqual(alone[file])) Interlocked.Increment(ref wrong);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void DecodeFile_MissingFile_NamesItOnce()
    {
        using var folder = new TempFolder();
        var path = folder.File("missing.jpg");
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(path));
        Assert.Equal((path, "The file does not exist."), (exception.Id, exception.Reason));
        Assert.Equal($"{path}: The file does not exist.", exception.Message);
    }

    [Fact]
    public void DecodeFile_Folder_SaysSo()
    {
        using var folder = new TempFolder();
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(folder.Path));
        Assert.Equal("This is a folder, not an image file.", exception.Reason);
    }

    [Fact]
    public void DecodeFile_EmptyFile_KeepsPathAndReasonApart()
    {
        using var folder = new TempFolder();
        var path = folder.File("empty.png");
        File.WriteAllBytes(path, []);
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(path));
        Assert.Equal((path, "The image is empty: it has no bytes."), (exception.Id, exception.Reason));
    }

    private byte[] Pixels(byte[] encoded)
    {
        using var pixels = Decoder.Decode(encoded);
        return pixels.Pixels.ToArray();
    }
}
