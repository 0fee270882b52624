using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding.Sets;

/// <summary>A folder of photos becomes a feature set, in one run or in many.</summary>
public sealed class EmbedToSetTests : IDisposable
{
    private const int PartSize = 4;

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly List<ImageInput> _photos = [];

    public EmbedToSetTests()
    {
        _extractor = Open("tiny.onnx");
        for (var i = 0; i < 26; i++) _photos.Add(Photo($"{(i % 3 == 0 ? "rose" : "tulip of blanks")}/{i:00} ü.png", i));
        File.WriteAllText(_folder.File("photos", "rose", "00 broken.jpg"), "no image");
        _photos.Add(_folder.File("photos", "rose", "00 broken.jpg"));
    }

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    private string Photos => Path.Combine(_folder.Path, "photos");

    [Fact]
    public async Task The_rows_are_those_of_the_images()
    {
        var run = await EmbedAsync("set", _photos);
        Assert.True(run.IsComplete);
        Assert.Equal((7, 7, 0), (run.PartCount, run.WrittenParts, run.KeptParts));
        var set = FeatureSet.Open(_folder.File("set"));
        Assert.Equal((26, 27), (set.RowCount, set.ImageCount));
        Assert.Equal(["rose", "tulip of blanks"], set.Classes);
        Assert.Equal(_extractor.Model.Id, set.Backbone);
        var row = 0;
        foreach (var id in set.Parts.SelectMany(part => set.IdsOf(part.Number)))
        {
            var vector = new float[set.Dim];
            set.ReadRows(row, vector);
            Assert.Equal(_extractor.Embed(Path.Combine(Photos, id)), vector);
            Assert.Equal(id.Split('/')[0], set.LabelOf(row++));
        }

        var skipped = Assert.Single(set.SkippedOf(0));
        Assert.Equal(("rose/00 broken.jpg", "rose"), (skipped.Id, skipped.Label));
        Assert.Equal(Assert.Single(run.Embedding.Skipped).Reason, skipped.Reason);
    }

    [Fact]
    public async Task A_run_goes_on_where_another_was_stopped_and_makes_damaged_parts_again()
    {
        await EmbedAsync("whole", _photos);
        var whole = GeneratedSet.PartFiles(_folder.File("whole"));
        await EmbedAsync("set", _photos);
        var names = new SetFolder(_folder.File("set")).Plan()!.Parts;
        // Killed after the numbers of a part, and before the manifest.
        File.Delete(_folder.File("set", "manifest.json"));
        File.Delete(_folder.File("set", names[0] + ".json"));
        // Killed before them, within a temporary file, and damage of other kinds.
        File.Delete(_folder.File("set", names[1] + ".json"));
        File.Delete(_folder.File("set", names[1] + ".npy"));
        File.WriteAllText(_folder.File("set", $".{names[1]}.npy.{Guid.NewGuid():N}.tmp"), "torn");
        Change(_folder.File("set", names[2] + ".npy"));
        File.WriteAllBytes(_folder.File("set", names[3] + ".json"), File.ReadAllBytes(_folder.File("set", names[3] + ".json"))[..200]);
        File.Delete(_folder.File("set", names[4] + ".npy"));
        Assert.Contains("is not complete", Assert.Throws<InvalidDataException>(() => FeatureSet.Open(_folder.File("set"))).Message, StringComparison.Ordinal);

        var run = await EmbedAsync("set", Enumerable.Reverse(_photos));
        Assert.Equal((5, 2), (run.WrittenParts, run.KeptParts));
        Assert.Equal(whole, GeneratedSet.PartFiles(_folder.File("set")));
        FeatureSet.Open(_folder.File("set")).Verify();
        run = await EmbedAsync("set", _photos);
        Assert.Equal((0, 7), (run.WrittenParts, run.KeptParts));
    }

    [Fact]
    public async Task A_lost_or_damaged_plan_or_manifest_is_made_again()
    {
        await EmbedAsync("set", _photos);
        var manifest = File.ReadAllBytes(_folder.File("set", "manifest.json"));
        File.Delete(_folder.File("set", "plan.json"));
        Change(_folder.File("set", "manifest.json"));
        Assert.Equal(0, (await EmbedAsync("set", _photos)).WrittenParts);
        Assert.Equal(manifest, File.ReadAllBytes(_folder.File("set", "manifest.json")));
        FeatureSet.Open(_folder.File("set")).Verify();
    }

    [Fact]
    public async Task A_canceled_run_keeps_its_finished_parts()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Immediate(done =>
        {
            if (done.Done > 2 * PartSize) stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options() with { BatchSize = 1 }, progress, stop.Token));
        var run = await EmbedAsync("set", _photos);
        Assert.InRange(run.KeptParts, 2, 6);
        await EmbedAsync("whole", _photos);
        Assert.Equal(GeneratedSet.PartFiles(_folder.File("whole")), GeneratedSet.PartFiles(_folder.File("set")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public async Task Shards_in_one_folder_give_the_bytes_of_one_run(int count)
    {
        await EmbedAsync("whole", _photos);
        for (var number = count; number >= 1; number--)
        {
            var run = await _extractor.EmbedToSetAsync(_folder.File("set"), Enumerable.Reverse(_photos), Label, Options() with { Shard = new Shard(number, count) });
            Assert.Equal(number == 1, run.IsComplete);
        }

        Assert.Equal(GeneratedSet.PartFiles(_folder.File("whole")), GeneratedSet.PartFiles(_folder.File("set")));
        Assert.Equal(File.ReadAllBytes(_folder.File("whole", "manifest.json")), File.ReadAllBytes(_folder.File("set", "manifest.json")));
    }

    [Fact]
    public async Task A_shard_with_another_list_is_refused()
    {
        await _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options() with { Shard = new Shard(1, 2) });
        _photos.Add(Photo("rose/new.png", 99));
        var error = await Assert.ThrowsAsync<IOException>(() => _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options() with { Shard = new Shard(2, 2) }));
        Assert.Contains("another list of images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_longer_list_keeps_the_parts_before_the_first_new_image_and_the_old_set_until_it_is_done()
    {
        await EmbedAsync("set", _photos);
        var old = FeatureSet.Open(_folder.File("set"));
        _photos.Add(Photo("rose/19 new.png", 99));
        _photos.Add(Photo("tulip of blanks/99 new.png", 100));
        using (var stop = new CancellationTokenSource())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options() with { BatchSize = 1 }, new Immediate(done => stop.Cancel()), stop.Token));
        }

        Assert.Equal(26, FeatureSet.Open(_folder.File("set")).RowCount);
        old.Verify();

        var run = await EmbedAsync("set", _photos);
        Assert.Equal((8, true), (run.PartCount, run.IsComplete));
        Assert.True(run.KeptParts >= 1);
        await EmbedAsync("whole", _photos);
        Assert.Equal(GeneratedSet.PartFiles(_folder.File("whole")), GeneratedSet.PartFiles(_folder.File("set")));
        Assert.Equal(28, FeatureSet.Open(_folder.File("set")).RowCount);
        Assert.Contains("open it again", Assert.Throws<InvalidDataException>(() => old.ReadRows(0, new float[old.RowCount * old.Dim])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_would_lose_or_mix_rows_is_refused_and_changes_nothing()
    {
        await EmbedAsync("set", _photos);
        var before = GeneratedSet.PartFiles(_folder.File("set"));

        var error = await Assert.ThrowsAsync<IOException>(() => EmbedAsync("set", _photos.Skip(1)));
        Assert.Contains("lacks 'rose/00 ü.png' of the class 'rose'", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<IOException>(() => _extractor.EmbedToSetAsync(_folder.File("set"), _photos, _ => "one class", Options()));
        Assert.Contains("lacks", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<IOException>(() => _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options() with { PartSize = 5 }));
        Assert.Contains("4 images in a part and not 5", error.Message, StringComparison.Ordinal);
        using (var other = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Augment = Augmentation.Flip }))
        {
            error = await Assert.ThrowsAsync<IOException>(() => other.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options()));
            Assert.Contains("'views None' and not 'views Flip'", error.Message, StringComparison.Ordinal);
            // The same where only the parts are left to tell.
            File.Delete(_folder.File("set", "plan.json"));
            error = await Assert.ThrowsAsync<IOException>(() => other.EmbedToSetAsync(_folder.File("set"), _photos, Label, Options()));
            Assert.Contains("another network or preprocessing", error.Message, StringComparison.Ordinal);
        }

        File.WriteAllText(_folder.File("notes", "notes.txt"), "mine");
        Assert.Contains("not empty", (await Assert.ThrowsAsync<IOException>(() => EmbedAsync("notes", _photos))).Message, StringComparison.Ordinal);
        Assert.Equal(before, GeneratedSet.PartFiles(_folder.File("set")));
        FeatureSet.Open(_folder.File("set")).Verify();
    }

    [Fact]
    public async Task An_image_outside_of_the_root_is_refused()
    {
        File.WriteAllBytes(_folder.File("photos of others", "x.png"), TestImage.NoisyPng(9, 9, (1, 2, 3), 1));
        _photos.Add(_folder.File("photos of others", "x.png"));
        Assert.Contains("is not below the root", (await Assert.ThrowsAsync<ArgumentException>(() => EmbedAsync("set", _photos))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("set")));
    }

    [Fact]
    public async Task Without_a_part_size_a_set_keeps_its_own()
    {
        await EmbedAsync("set", _photos);
        Assert.Equal(7, (await _extractor.EmbedToSetAsync(_folder.File("set"), _photos, Label, new FeatureSetOptions { Root = Photos })).KeptParts);
        Assert.Equal(1, (await _extractor.EmbedToSetAsync(_folder.File("new"), _photos)).PartCount);
    }

    private FeatureExtractor Open(string name)
    {
        TinyBackbone.Write(_folder.File(name));
        return FeatureExtractor.Load(_folder.File(name), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
    }

    private FeatureSetOptions Options() => new() { PartSize = PartSize, Root = Photos };

    private Task<FeatureSetRun> EmbedAsync(string folder, IEnumerable<ImageInput> photos) => _extractor.EmbedToSetAsync(_folder.File(folder), photos, Label, Options());

    private string Photo(string name, int seed)
    {
        var path = _folder.File(["photos", .. name.Split('/')]);
        File.WriteAllBytes(path, TestImage.NoisyPng(10 + seed, 12, ((byte)(seed * 6), 90, 30), seed));
        return path;
    }

    private static string? Label(string path) => Path.GetFileName(Path.GetDirectoryName(path));

    private static void Change(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^5] ^= 1;
        File.WriteAllBytes(file, bytes);
    }

    private sealed class Immediate(Action<WorkProgress> report) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => report(value);
    }
}
