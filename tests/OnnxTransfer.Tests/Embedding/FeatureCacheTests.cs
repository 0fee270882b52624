using Microsoft.Data.Sqlite;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

public sealed class FeatureCacheTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _model;
    private readonly List<string> _photos;

    public FeatureCacheTests()
    {
        _model = _folder.File("tiny.onnx");
        TinyBackbone.Write(_model);
        _photos = [.. Enumerable.Range(0, 50).Select(i => _folder.File("photos", $"{i:00}.png"))];
        for (var i = 0; i < _photos.Count; i++) File.WriteAllBytes(_photos[i], TestImage.NoisyPng(14, 18, ((byte)(i * 5), 90, (byte)(250 - (i * 4))), i));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_run_computes_nothing_and_gives_the_same_bits()
    {
        var cache = Cache();
        var first = await EmbedAsync(cache);
        Assert.Equal(0, first.Cached);
        var second = await EmbedAsync(cache);
        Assert.Equal(50, second.Cached);
        Assert.Equal(TimeSpan.Zero, second.Running);
        Assert.True(first.Features.Values.SequenceEqual(second.Features.Values));
        Assert.Null(cache.Problem);
    }

    [Fact]
    public async Task A_renamed_image_is_found_and_a_changed_one_is_not()
    {
        var cache = Cache();
        var before = await EmbedAsync(cache);
        var renamed = _folder.File("photos", "renamed.png");
        File.Move(_photos[7], renamed);
        _photos[7] = renamed;
        var changed = File.GetLastWriteTimeUtc(_photos[8]);
        File.WriteAllBytes(_photos[8], TestImage.NoisyPng(14, 18, (1, 2, 3), 99));
        File.SetLastWriteTimeUtc(_photos[8], changed);

        var after = await EmbedAsync(cache);
        Assert.Equal(49, after.Cached);
        Assert.Equal(before.Features.Row(7), after.Features.Row(7));
        Assert.NotEqual(before.Features.Row(8).ToArray(), after.Features.Row(8).ToArray());
    }

    [Fact]
    public void Every_resize_has_a_key_of_its_own()
    {
        Resize[] resizes =
        [
            Resize.Stretch(17, 16), Resize.Stretch(16, 17), Resize.Stretch(20, 20), Resize.Stretch(20, 20, new ImageSize(16, 16)), Resize.Stretch(20, 20, new ImageSize(16, 12)),
            Resize.ShortestEdge(20, 16), Resize.ShortestEdge(21, 16), Resize.ShortestEdge(20, new ImageSize(16, 12)), Resize.ShortestEdge(20, new ImageSize(12, 16)),
        ];
        var spec = TinyBackbone.Card().Preprocess;
        Assert.Equal(resizes.Length, resizes.Select(resize => Description(spec with { Resize = resize })).Distinct().Count());
    }

    [Fact]
    public void The_key_of_a_resize_is_the_one_that_earlier_versions_wrote()
    {
        var spec = PreprocessSpec.Torch();
        const string Rest = "rescale 0.00392156862745098, mean 0.485 0.456 0.406, std 0.229 0.224 0.225, RGB";
        Assert.Contains($"\npreprocess PillowBilinear to 0x0, shortest edge 256, crop 224, upsampling , {Rest}\n", Description(spec), StringComparison.Ordinal);
        Assert.Contains($"\npreprocess PillowBilinear to 30x20, shortest edge , crop , upsampling , {Rest}\n", Description(spec with { Resize = Resize.Stretch(30, 20) }), StringComparison.Ordinal);
        Assert.Contains(
            $"\npreprocess PillowBilinear to 30x20, shortest edge , crop 16, upsampling TensorFlowNearest, {Rest}\n",
            Description(spec with { Resize = Resize.Stretch(30, 20, new ImageSize(16, 16)), Upsampling = ResizeFilter.TensorFlowNearest }), StringComparison.Ordinal);
    }

    private string Description(PreprocessSpec spec)
    {
        var graph = new NetworkGraph(OnnxModel.Load(_model), "tiny", "image", TinyBackbone.Card().Input.ImageShape, "features", TinyBackbone.Dim);
        return CacheSpace.Of(graph, TinyBackbone.Card() with { Preprocess = spec }, ImageDecoders.Default, DecodeOptions.Default, ExecutionProvider.Cpu).Description;
    }

    [Fact]
    public async Task A_changed_model_preparation_or_decoding_finds_nothing()
    {
        var cache = Cache();
        await EmbedAsync(cache);
        var card = TinyBackbone.Card();
        Assert.Equal(0, (await EmbedAsync(cache, preprocess: card.Preprocess with { Mean = [0.5, 0.5, 0.4] })).Cached);
        Assert.Equal(0, (await EmbedAsync(cache, preprocess: card.Preprocess with { Filter = ResizeFilter.TensorFlowBilinear })).Cached);
        Assert.Equal(0, (await EmbedAsync(cache, decode: new DecodeOptions { Background = Rgb.Black })).Cached);
        Assert.Equal(0, (await EmbedAsync(cache, decode: new DecodeOptions { JpegShrink = JpegShrink.Near })).Cached);
        Assert.Equal(0, (await EmbedAsync(cache, decode: new DecodeOptions { JpegShrink = JpegShrink.Fast })).Cached);
        // One bit of one weight, under the same name and card.
        var bytes = File.ReadAllBytes(_model);
        var weight = bytes.AsSpan().IndexOf(BitConverter.GetBytes((float)((new Random(42).NextDouble() * 2) - 1)));
        bytes[weight] ^= 1;
        File.WriteAllBytes(_model, bytes);
        Assert.Equal(0, (await EmbedAsync(cache)).Cached);
        Assert.Equal(50, (await EmbedAsync(cache)).Cached);
        Assert.Equal(7, cache.Models().Count);
    }

    [Fact]
    public async Task Bad_images_are_not_kept_and_say_why_each_time()
    {
        File.WriteAllText(_photos[3], "text");
        var cache = Cache();
        var first = await EmbedAsync(cache);
        var second = await EmbedAsync(cache);
        Assert.Equal(49, second.Cached);
        Assert.Equal(first.Skipped, second.Skipped);
    }

    [Fact]
    public async Task A_stream_fills_and_uses_the_cache_and_keeps_what_was_done_when_it_is_left()
    {
        var cache = Cache();
        using var extractor = Extractor(cache);
        var seen = 0;
        await foreach (var image in extractor.EmbedStreamAsync(ImageInput.FromFiles(_photos)))
        {
            Assert.Equal(_photos[seen], image.Id);
            if (++seen == 5) break;
        }

        var kept = cache.Models().Single().Vectors;
        Assert.InRange(kept, 5, 49);
        Assert.Equal(kept, (await extractor.EmbedAsync(ImageInput.FromFiles(_photos))).Cached);
        Assert.Equal(50, cache.Models().Single().Vectors);
    }

    [Fact]
    public async Task A_damaged_vector_is_computed_again_and_verify_and_gc_find_it()
    {
        var cache = Cache();
        var sound = await EmbedAsync(cache);
        Assert.Equal(new CacheCheck(50, 0), cache.Verify());
        Change(cache, "UPDATE vector SET value = zeroblob(length(value)) WHERE id IN (5, 9);");
        Assert.Equal(new CacheCheck(50, 2), cache.Verify());
        var mended = await EmbedAsync(cache);
        Assert.Equal(48, mended.Cached);
        Assert.True(sound.Features.Values.SequenceEqual(mended.Features.Values));
        Assert.Equal(new CacheCheck(50, 0), cache.Verify());

        Change(cache, "UPDATE vector SET value = substr(value, 2) WHERE id = 5;");
        Assert.Equal(1, cache.Collect(TimeSpan.FromDays(1)));
        Assert.Equal(new CacheCheck(49, 0), cache.Verify());
    }

    [Fact]
    public async Task Gc_removes_what_is_unused()
    {
        var cache = Cache();
        await EmbedAsync(cache);
        Assert.Equal(0, cache.Collect(TimeSpan.FromDays(1)));
        Change(cache, "UPDATE space SET used = used - 86400 * 3;");
        Assert.Equal(50, cache.Collect(TimeSpan.FromDays(2)));
        Assert.Empty(cache.Models());
    }

    /// <summary>A clock that was ahead leaves times in the future: nothing is removed too early, and the next use puts the time right.</summary>
    [Fact]
    public async Task Gc_waits_for_the_next_use_after_a_clock_that_was_ahead()
    {
        var cache = Cache();
        await EmbedAsync(cache);
        Change(cache, "UPDATE space SET used = used + 86400 * 365;");
        Assert.Equal(0, cache.Collect(TimeSpan.FromDays(2)));
        Assert.True(cache.Models()[0].Used > DateTimeOffset.UtcNow.AddDays(300));
        await EmbedAsync(cache);
        Assert.InRange(cache.Models()[0].Used, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10));
        // One that was behind, as after a start in 1970.
        Change(cache, "UPDATE space SET used = 0;");
        await EmbedAsync(cache);
        Assert.Equal(0, cache.Collect(TimeSpan.FromDays(2)));
    }

    [Fact]
    public void Gc_removes_the_oldest_vectors_beyond_a_size_and_the_file_shrinks()
    {
        const int MaxBytes = 1_000_000;
        var cache = Cache();
        using (var rows = cache.Open(Wide))
        {
            for (var i = 0; i < 100; i++) rows.Add(WideKey(i), WideRow(i));
        }

        var removed = cache.Collect(TimeSpan.FromDays(1), MaxBytes);
        Assert.InRange(removed, 30, 60);
        Assert.InRange(cache.Bytes, MaxBytes / 2, MaxBytes);
        using var left = cache.Open(Wide);
        Assert.Null(left.Find(WideKey(0)));
        Assert.Equal(WideRow(99), left.Find(WideKey(99)));
    }

    [Fact]
    public void A_full_disk_ends_caching_with_a_sentence_and_keeps_what_was_committed()
    {
        var full = new FeatureCache(_folder.Path, maxPages: 40);
        using (var rows = full.Open(Wide))
        {
            for (var i = 0; i < 400; i++) rows.Add(WideKey(i), WideRow(i));
            Assert.Null(rows.Find(WideKey(0)));
        }

        Assert.Contains("full", full.Problem, StringComparison.Ordinal);
        Assert.Contains(full.File, full.Problem, StringComparison.Ordinal);
        using var again = Cache().Open(Wide);
        Assert.Equal(WideRow(0), again.Find(WideKey(0)));
        Assert.Null(again.Find(WideKey(399)));
    }

    [Fact]
    public async Task A_truncated_database_is_put_aside_and_a_new_one_is_used()
    {
        var cache = Cache();
        var sound = await EmbedAsync(cache);
        cache.Collect(TimeSpan.FromDays(1));
        using (var file = File.OpenWrite(cache.File)) file.SetLength(file.Length / 2);
        var bytes = File.ReadAllBytes(cache.File);
        var error = Assert.Throws<InvalidDataException>(() => Cache().Verify());
        Assert.Contains($"'{cache.File}' is damaged", error.Message, StringComparison.Ordinal);

        var damaged = Cache();
        var result = await EmbedAsync(damaged);
        Assert.True(sound.Features.Values.SequenceEqual(result.Features.Values));
        Assert.Equal((0, $"The feature cache '{cache.File}' was damaged: it was renamed to '{cache.File}.damaged-1', and a new one was started. The vectors are computed again. `onnxtransfer cache gc` deletes the damaged file."), (result.Cached, damaged.Rebuilt));
        Assert.Equal(bytes, File.ReadAllBytes(cache.File + ".damaged-1"));
        var again = Cache();
        Assert.Equal(50, (await EmbedAsync(again)).Cached);
        Assert.Null(again.Rebuilt ?? again.Problem);
        again.Collect(TimeSpan.FromDays(1));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.damaged-*"));
    }

    /// <summary>The pages behind the first are noise: the file opens, and fails when a row is looked up or kept.</summary>
    [Fact]
    public async Task A_database_that_fails_during_a_run_is_put_aside_when_the_run_ends()
    {
        await EmbedAsync(Cache());
        Cache().Collect(TimeSpan.FromDays(1));
        var file = Cache().File;
        var bytes = File.ReadAllBytes(file);
        const int Page = 32768;
        // The pages of the table of spaces stay sound.
        for (var page = 4; page * Page < bytes.Length; page++) new Random(page).NextBytes(bytes.AsSpan(page * Page, Page));
        File.WriteAllBytes(file, bytes);

        var damaged = Cache();
        Assert.Equal(50, (await EmbedAsync(damaged)).Features.RowCount);
        Assert.Contains($"'{file}.damaged-1'", damaged.Rebuilt, StringComparison.Ordinal);
        Assert.False(File.Exists(file + ".damaged-2"));
        await EmbedAsync(Cache());
        Assert.Equal(50, (await EmbedAsync(Cache())).Cached);
    }

    /// <summary>SQLite's file must not be renamed while somebody has it open.</summary>
    [Fact]
    public async Task A_damaged_database_that_another_process_has_open_is_left_until_it_is_closed()
    {
        await EmbedAsync(Cache());
        Cache().Collect(TimeSpan.FromDays(1));
        var file = Cache().File;
        using (CacheLock.Share(file))
        {
            using (var stream = File.OpenWrite(file)) stream.SetLength(stream.Length / 2);
            var waiting = Cache();
            Assert.Equal(50, (await EmbedAsync(waiting)).Features.RowCount);
            Assert.Null(waiting.Rebuilt);
            Assert.Contains($"'{file}' is damaged", waiting.Problem, StringComparison.Ordinal);
        }

        var next = Cache();
        Assert.Equal(50, (await EmbedAsync(next)).Features.RowCount);
        Assert.NotNull(next.Rebuilt);
        Assert.Equal(50, (await EmbedAsync(Cache())).Cached);
    }

    /// <summary>One run puts the file aside, and the others use the new one.</summary>
    [Fact]
    public async Task Runs_that_find_the_damage_together_put_one_file_aside()
    {
        await EmbedAsync(Cache());
        Cache().Collect(TimeSpan.FromDays(1));
        var file = Cache().File;
        File.WriteAllBytes(file, new byte[Environment.SystemPageSize * 4].Select(_ => (byte)7).ToArray());
        File.WriteAllText(file + "-wal", "the log of the damaged file");
        var caches = Enumerable.Range(0, 4).Select(_ => Cache()).ToArray();
        var results = await Task.WhenAll(caches.Select(cache => Task.Run(() => EmbedAsync(cache))));
        Assert.All(results, result => Assert.Equal(50, result.Features.RowCount));
        Assert.Equal([file + ".damaged-1"], Directory.GetFiles(_folder.Path, "*.damaged-*").Where(name => !name.EndsWith("-wal", StringComparison.Ordinal)));
        Assert.Single(caches, cache => cache.Rebuilt is not null);
        Assert.Equal(new CacheCheck(50, 0), Cache().Verify());
    }

    [Fact]
    public async Task Noise_in_place_of_the_database_another_programs_database_and_no_folder_are_told_apart()
    {
        var noise = Cache();
        var bytes = new byte[100_000];
        new Random(3).NextBytes(bytes);
        File.WriteAllBytes(noise.File, bytes);
        Assert.Equal(50, (await EmbedAsync(noise)).Features.RowCount);
        Assert.NotNull(noise.Rebuilt);
        Assert.Equal(bytes, File.ReadAllBytes(noise.File + ".damaged-1"));

        var foreign = new FeatureCache(_folder.File("foreign", "x")[..^2]);
        using (var connection = new SqliteConnection($"Data Source={foreign.File};Pooling=False"))
        {
            connection.Open();
            connection.Execute("CREATE TABLE precious (x);");
        }

        Assert.Equal(50, (await EmbedAsync(foreign)).Features.RowCount);
        Assert.Contains("another program", foreign.Problem, StringComparison.Ordinal);

        var nowhere = new FeatureCache(Path.Combine(_photos[0], "cache"));
        Assert.Equal(50, (await EmbedAsync(nowhere)).Features.RowCount);
        Assert.Contains(nowhere.File, nowhere.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_that_is_not_there_is_empty_and_asking_does_not_make_it()
    {
        var cache = new FeatureCache(Path.Combine(_folder.Path, "not", "there"));
        Assert.Empty(cache.Models());
        Assert.Equal(new CacheCheck(0, 0), cache.Verify());
        Assert.Equal(0, cache.Collect(TimeSpan.Zero));
        Assert.False(Directory.Exists(Path.GetDirectoryName(cache.File)));
    }

    [Fact]
    public async Task Two_runs_at_once_share_one_cache()
    {
        var (one, two) = (Cache(), Cache());
        var results = await Task.WhenAll(EmbedAsync(one), EmbedAsync(two));
        Assert.True(results[0].Features.Values.SequenceEqual(results[1].Features.Values));
        Assert.Null(one.Problem ?? two.Problem);
        Assert.Equal(new CacheCheck(50, 0), one.Verify());
    }

    private FeatureCache Cache() => new(_folder.Path);

    private FeatureExtractor Extractor(FeatureCache cache, PreprocessSpec? preprocess = null, DecodeOptions? decode = null) => FeatureExtractor.Load(
        _model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Threads = 2, Cache = cache, Preprocess = preprocess, Decode = decode ?? DecodeOptions.Default });

    private async Task<EmbeddingResult> EmbedAsync(FeatureCache cache, PreprocessSpec? preprocess = null, DecodeOptions? decode = null)
    {
        using var extractor = Extractor(cache, preprocess, decode);
        return await extractor.EmbedAsync(ImageInput.FromFiles(_photos));
    }

    private static CacheSpace Wide { get; } = new("wide", "wide", Dim: 4000);

    private static byte[] WideKey(int i) => [.. BitConverter.GetBytes(i), .. new byte[28]];

    private static float[] WideRow(int i) => [.. Enumerable.Range(0, 4000).Select(d => (float)(i + d))];

    private static void Change(FeatureCache cache, string sql)
    {
        using var connection = cache.Connect();
        connection.Execute(sql);
    }
}
