using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;
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

    /// <summary>Files of two frames, pages or pictures, of every kind that can have them.</summary>
    private protected abstract byte[][] Films { get; }

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
    public void Decode_MoreFramesThanTheLimit_IsRefused()
    {
        foreach (var film in Films)
        {
            Decoder.Decode(film, new DecodeOptions { MaxFrames = 2 }).Dispose();
            var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(film, new DecodeOptions { MaxFrames = 1 }));
            Assert.Equal("The image has 2 frames, more than the limit of 1 (DecodeOptions.MaxFrames).", exception.Message);
        }
    }

    [Fact]
    public void Decode_HalfOfAFile_IsRefused()
    {
        foreach (var file in Several)
            Assert.Contains("is truncated or damaged", Assert.Throws<ImageDecodeException>(() => Decoder.Decode(file.AsSpan(0, file.Length / 2))).Message, StringComparison.Ordinal);
    }

    /// <summary>Any bytes, and the files of every kind with any changes.</summary>
    [Fact]
    public void Decode_AnyBytes_GivesPixelsOrTheErrorForImages()
    {
        var change =
            from kind in Gen.Choose(0, 3)
            from place in Gen.Choose(0, 999)
            from value in ArbMap.Default.GeneratorFor<byte>()
            from length in Gen.Choose(1, 24)
            select (Func<byte[], byte[]>)(file => Changed(file, kind, place * file.Length / 1000, value, length));
        var mutated =
            from file in Gen.Elements(Several)
            from count in Gen.Choose(1, 4)
            from changes in change.ArrayOf(count)
            select changes.Aggregate(file, (bytes, act) => act(bytes));
        var inputs = Gen.Frequency((1, ArbMap.Default.GeneratorFor<byte[]>()), (9, mutated));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(inputs.ToArbitrary(), bytes =>
        {
            try
            {
                using var pixels = Decoder.Decode(bytes, new DecodeOptions { MaxPixels = 1_000_000 });
                return pixels.Pixels.Length == 3 * pixels.Width * pixels.Height && pixels.Width > 0 && pixels.Height > 0;
            }
            catch (ImageDecodeException)
            {
                return true;
            }
        }));

        static byte[] Changed(byte[] file, int kind, int at, byte value, int length)
        {
            var end = Math.Min(file.Length, at + length);
            return kind switch
            {
                0 => [.. file[..at], .. file[end..]],
                1 => [.. file[..end], .. file[at..]],
                2 => [.. file[..at], .. Enumerable.Repeat(value, end - at), .. file[end..]],
                _ => at < file.Length ? [.. file[..at], value, .. file[(at + 1)..]] : file,
            };
        }
    }

    [Fact]
    public void Prepare_MoreThanTheBudget_IsDecodedAlone()
    {
        var (spec, tensor) = (new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(4, 3), Mean = [0.5, 0.5, 0.5], Std = [0.5, 0.5, 0.5] }, new float[3 * 4 * 3]);
        var preprocessor = new ImagePreprocessor(spec, TensorLayout.Nchw, Decoder, new DecodeOptions { MemoryBudget = 1 });
        using (var other = MemoryGate.Shared.Enter(1 << 20, long.MaxValue, CancellationToken.None))
        {
            // It waits while another image is inside, until that has left or its caller gives up.
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.ThrowsAny<OperationCanceledException>(() => preprocessor.Prepare(Sound, tensor, cancellationToken: patience.Token));
        }

        preprocessor.Prepare(Sound, tensor);
        Assert.Contains(tensor, value => value != 0);
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

    [Theory]
    [InlineData("picture.jpg")]
    [InlineData("picture.png")]
    [InlineData("picture.heic")]
    [InlineData("picture.txt")]
    [InlineData("picture")]
    public void DecodeFile_AnyName_IsReadByItsContent(string name)
    {
        using var folder = new TempFolder();
        var path = folder.File(name);
        File.WriteAllBytes(path, Sound);
        using var pixels = Decoder.DecodeFile(path);
        Assert.Equal(Pixels(Sound), pixels.Pixels.ToArray());
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
