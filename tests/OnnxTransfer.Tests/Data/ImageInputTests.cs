using OnnxTransfer.TestSupport;
using SkiaSharp;

namespace OnnxTransfer.Tests.Data;

public sealed class ImageInputTests : IDisposable
{
    private static readonly byte[] s_png = TestImage.NoisyPng(33, 21, (200, 100, 50), 1);

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly float[] _expected;

    public ImageInputTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        _extractor = Load(DecodeOptions.Default);
        File.WriteAllBytes(_folder.File("image.png"), s_png);
        _expected = _extractor.Embed(s_png);
        Assert.Contains(_expected, value => value > 0);
    }

    public static TheoryData<string> Kinds => ["file", "named file", "bytes", "stream", "pixels", "bitmap"];

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_kind_gives_the_same_vector_through_every_door(string kind)
    {
        using var made = Make(kind);
        Assert.Equal(_expected, _extractor.Embed(made.Input));
        Assert.Equal(_expected, await _extractor.EmbedAsync(made.Input));
        Assert.Equal(_expected, (await _extractor.EmbedAsync([made.Input, made.Input])).Features.Row(1).ToArray());
        var rows = new List<EmbeddedImage>();
        await foreach (var row in _extractor.EmbedStreamAsync([made.Input])) rows.Add(row);
        await foreach (var row in _extractor.EmbedStreamAsync(Later(made.Input))) rows.Add(row);
        Assert.All(rows, row => Assert.Equal((0, made.Id), (row.Index, row.Id)));
        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Equal(_expected, row.Vector));
        Assert.Equal(made.Id, made.Input.Id);

        var longer = Enumerable.Repeat(7f, TinyBackbone.Dim + 1).ToArray();
        _extractor.Embed(made.Input, longer);
        Assert.Equal([.. _expected, 7f], longer);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_cache_finds_every_kind_by_its_content(string kind)
    {
        var cache = new FeatureCache(_folder.File("cache", "x"));
        using var made = Make(kind);
        using var other = Make(kind, seed: 2);
        using var extractor = Load(DecodeOptions.Default, cache);
        var first = await extractor.EmbedAsync([made.Input, other.Input]);
        Assert.Equal(0, first.Cached);
        using var again = Make(kind);
        var second = await extractor.EmbedAsync([again.Input, other.Input, made.Input]);
        Assert.Equal(3, second.Cached);
        Assert.Equal(_expected, second.Features.Row(0).ToArray());
        Assert.Equal(first.Features.Row(1).ToArray(), second.Features.Row(1).ToArray());
        Assert.NotEqual(_expected, second.Features.Row(1).ToArray());
    }

    [Fact]
    public async Task Bytes_from_anywhere_are_one_entry_of_the_cache_and_so_are_pixels_and_bitmaps()
    {
        var cache = new FeatureCache(_folder.File("cache", "x"));
        using var extractor = Load(DecodeOptions.Default, cache);
        foreach (var kind in new[] { "file", "bytes", "stream", "pixels", "bitmap" })
        {
            using var made = Make(kind);
            var result = await extractor.EmbedAsync([made.Input]);
            Assert.Equal(kind is "bytes" or "stream" or "bitmap" ? 1 : 0, result.Cached);
        }

        // The same values in another shape are another picture.
        using var pixels = ImageDecoders.Default.Decode(s_png);
        using var turned = PixelBuffer.FromRgb(pixels.Pixels, pixels.Height, pixels.Width);
        Assert.Equal(0, (await extractor.EmbedAsync([ImageInput.FromPixels(turned)])).Cached);
    }

    [Fact]
    public async Task A_body_that_may_not_be_read_synchronously_is_read_and_left_open()
    {
        using var body = new Body(s_png);
        Assert.Equal(_expected, await _extractor.EmbedAsync(body, CancellationToken.None));
        Assert.True(body.CanRead);
        Assert.Equal(_expected, await _extractor.EmbedAsync(ImageInput.FromStream(_ => Task.FromResult<Stream>(new Body(s_png)))));
        Assert.Equal(_expected, _extractor.Embed(ImageInput.FromStream(_ => Task.FromResult<Stream>(new Body(s_png)))));
        Assert.Equal(_expected, (await _extractor.EmbedAsync([ImageInput.FromStream(_ => Task.FromResult<Stream>(new Body(s_png)))])).Features.Row(0).ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_limit_of_bytes_holds_while_a_stream_is_read(bool canSeek)
    {
        using var extractor = Load(DecodeOptions.Default with { MaxEncodedBytes = s_png.Length });
        Assert.Equal(_expected, await extractor.EmbedAsync(new Body(s_png, canSeek)));
        using var endless = new Body([.. s_png, .. new byte[1_000_000]], canSeek);
        var error = await Assert.ThrowsAsync<ImageDecodeException>(() => extractor.EmbedAsync(endless));
        Assert.Contains(nameof(DecodeOptions.MaxEncodedBytes), error.Message, StringComparison.Ordinal);
        Assert.Contains("stream has more than", error.Message, StringComparison.Ordinal);
        Assert.InRange(endless.Taken, 1, s_png.Length + 1);
        Assert.Null(error.Id);
        var named = await Assert.ThrowsAsync<ImageDecodeException>(() => extractor.EmbedAsync(ImageInput.FromStream(_ => Task.FromResult<Stream>(new Body(new byte[1_000_000])), "upload 7")));
        Assert.StartsWith("upload 7: ", named.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_is_opened_each_time_and_disposed_and_its_failure_is_one_image_less()
    {
        var bodies = new List<Body>();
        var input = ImageInput.FromStream(async cancellationToken =>
        {
            await Task.Delay(1, cancellationToken);
            lock (bodies)
            {
                bodies.Add(new Body(s_png));
                return bodies[^1];
            }
        });
        var failing = ImageInput.FromStream(_ => throw new TimeoutException("The store did not answer."), "blob 3");
        var result = await _extractor.EmbedAsync([input, failing, input]);
        Assert.Equal([0, 2], result.Indices);
        Assert.Equal(new SkippedImage("blob 3", "The stream could not be read: The store did not answer."), Assert.Single(result.Skipped));
        Assert.Equal(2, bodies.Count);
        Assert.All(bodies, body => Assert.False(body.CanRead));
    }

    [Fact]
    public async Task Canceling_stops_the_reading_of_a_stream()
    {
        using var stop = new CancellationTokenSource();
        var never = ImageInput.FromStream(async cancellationToken =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Stream.Null;
        });
        var (one, many) = (_extractor.EmbedAsync(never, stop.Token), _extractor.EmbedAsync([never], cancellationToken: stop.Token));
        stop.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => many);
    }

    [Fact]
    public async Task Streams_are_opened_by_the_workers_and_not_all_up_front()
    {
        var (open, most) = (0, 0);
        var inputs = Enumerable.Range(0, 60).Select(_ => ImageInput.FromStream(_ =>
        {
            var now = Interlocked.Increment(ref open);
            lock (_folder) most = Math.Max(most, now);
            return Task.FromResult<Stream>(new Body(s_png, onDispose: () => Interlocked.Decrement(ref open)));
        })).ToList();
        Assert.Equal(60, (await _extractor.EmbedAsync(inputs)).Features.RowCount);
        Assert.InRange(most, 1, Environment.ProcessorCount);
        Assert.Equal(0, open);
    }

    [Fact]
    public async Task An_endless_source_is_read_no_further_than_rows_are_taken()
    {
        var pulled = 0;
        async IAsyncEnumerable<ImageInput> Endless()
        {
            while (true)
            {
                await Task.Yield();
                Interlocked.Increment(ref pulled);
                yield return ImageInput.FromBytes(s_png, $"{pulled}");
            }
        }

        var taken = new List<EmbeddedImage>();
        await foreach (var image in _extractor.EmbedStreamAsync(Endless()))
        {
            taken.Add(image);
            if (taken.Count == 100) break;
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(i => $"{i}"), taken.Select(image => image.Id));
        Assert.InRange(pulled, 100, 100 + (8 * Environment.ProcessorCount) + 2);
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused_before_anything_is_read()
    {
        var error = Assert.Throws<ArgumentException>(() => _extractor.Embed("no such file.jpg", new float[TinyBackbone.Dim - 1]));
        Assert.Contains($"{TinyBackbone.Dim}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_name_the_image_by_its_id_where_it_has_one()
    {
        Assert.Equal("no.jpg", Assert.Throws<ImageDecodeException>(() => _extractor.Embed("no.jpg")).Id);
        Assert.Equal("key 4", Assert.Throws<ImageDecodeException>(() => _extractor.Embed(ImageInput.FromFile("no.jpg", "key 4"))).Id);
        var named = Assert.Throws<ImageDecodeException>(() => _extractor.Embed(ImageInput.FromBytes("text"u8.ToArray(), "row 3")));
        Assert.Equal(("row 3", $"row 3: {named.Reason}"), (named.Id, named.Message));
        Assert.Null(Assert.Throws<ImageDecodeException>(() => _extractor.Embed(ImageInput.FromBytes("text"u8.ToArray()))).Id);
    }

    [UnixFact]
    public void A_device_is_never_opened() =>
        Assert.Contains("device", Assert.Throws<ImageDecodeException>(() => _extractor.Embed("/dev/null")).Message, StringComparison.Ordinal);

    [Fact]
    public void Paths_convert_and_empty_ones_are_refused()
    {
        ImageInput input = "a.jpg";
        Assert.Equal(("a.jpg", "a.jpg"), (input.Id, input.ToString()));
        Assert.Equal(["a", "b"], ImageInput.FromFiles(["a", "b"]).Select(image => image.Id));
        Assert.ThrowsAny<ArgumentException>(() => ImageInput.FromFile(" "));
        Assert.Throws<ArgumentNullException>(() => _extractor.Embed((ImageInput)(string)null!));
    }

    private FeatureExtractor Load(DecodeOptions decode, FeatureCache? cache = null) => FeatureExtractor.Load(
        _folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Decode = decode, Cache = cache });

    private Made Make(string kind, int seed = 1)
    {
        var png = TestImage.NoisyPng(33, 21, (200, 100, 50), seed);
        var path = _folder.File($"image-{seed}.png");
        File.WriteAllBytes(path, png);
        switch (kind)
        {
            case "file": return new Made(path, path, null);
            case "named file": return new Made(ImageInput.FromFile(path, "key"), "key", null);
            case "bytes": return new Made(ImageInput.FromBytes(png), "bytes", null);
            case "stream": return new Made(ImageInput.FromStream(_ => Task.FromResult<Stream>(new Body(png))), "stream", null);
            case "pixels":
                var pixels = ImageDecoders.Default.Decode(png);
                return new Made(ImageInput.FromPixels(pixels), "pixels", pixels);
            default:
                var bitmap = SKBitmap.Decode(png);
                return new Made(ImageInput.FromBitmap(bitmap), "bitmap", bitmap);
        }
    }

    private static async IAsyncEnumerable<ImageInput> Later(ImageInput input)
    {
        await Task.Yield();
        yield return input;
    }

    private sealed record Made(ImageInput Input, string Id, IDisposable? Owned) : IDisposable
    {
        public void Dispose() => Owned?.Dispose();
    }

    /// <summary>A request's body as ASP.NET Core gives it: a few bytes at a time, and never synchronously.</summary>
    private sealed class Body(byte[] content, bool canSeek = false, Action? onDispose = null) : Stream
    {
        private bool _isDisposed;

        internal int Taken { get; private set; }

        public override bool CanRead => !_isDisposed;

        public override bool CanSeek => canSeek;

        public override bool CanWrite => false;

        public override long Length => canSeek ? content.Length : throw new NotSupportedException();

        public override long Position
        {
            get => canSeek ? Taken : throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            var count = Math.Min(Math.Min(buffer.Length, 700), content.Length - Taken);
            content.AsMemory(Taken, count).CopyTo(buffer);
            Taken += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override int Read(Span<byte> buffer) => throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (!_isDisposed) onDispose?.Invoke();
            _isDisposed = true;
            base.Dispose(disposing);
        }
    }
}
