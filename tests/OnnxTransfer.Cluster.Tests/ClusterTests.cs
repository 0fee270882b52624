using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>The command in processes of its own, with a real database: what comes out is what one process makes.</summary>
[Collection(PostgresTestGroup.Name)]
public sealed class ClusterTests(Postgres postgres)
{
    private const int Photos = 400;

    [PostgresFact]
    public async Task TwoWorkersOneOfThemKilledMakeWhatOneProcessMakes()
    {
        using var store = new TempFolder();
        var network = store.File("tiny.onnx");
        TinyBackbone.Write(network);
        var photos = Path.Combine(store.Path, "photos");
        for (var i = 0; i < Photos; i++)
        {
            var file = store.File("photos", $"class {i % 3}", $"photo ä {i}.png");
            if (i % 50 == 7) File.WriteAllText(file, "no image");
            else File.WriteAllBytes(file, TestImage.NoisyPng(400 + (i % 5), 300, ((byte)i, 80, 160), seed: i));
        }

        var alone = Path.Combine(store.Path, "alone");
        using (var extractor = await FeatureExtractor.LoadAsync(network))
        {
            await extractor.EmbedToSetAsync(
                alone, ImageListing.FromFolder(photos).Images, path => Path.GetFileName(Path.GetDirectoryName(path)), new FeatureSetOptions { PartSize = 8, Root = photos });
        }

        string[] cluster = ["--membership", postgres.NewDatabase()];
        using var first = new ClusterProcess(["worker", "--store", store.Path, "--threads", "1", "--name", "first", .. cluster]);
        using var second = new ClusterProcess(["worker", "--store", store.Path, "--threads", "1", "--name", "second", .. cluster]);
        await first.SaysAsync("joined");
        await second.SaysAsync("joined");
        var output = Path.Combine(store.Path, "together");
        var job = ClusterProcess.Run(["submit", photos, "--out", output, "--store", store.Path, "--backbone", network, "--part-size", "8", "--lease", "5", .. cluster]).Trim();
        // Which of them gets work first is chance, and it may be all of the work.
        var works = first.SaysAsync("working on job");
        var isFirst = await Task.WhenAny(works, second.SaysAsync("working on job")) == works;
        (isFirst ? first : second).Kill();
        var status = await ClusterProcess.EndOfAsync(job, cluster, isFirst ? second : first);
        Assert.Equal("done", status.GetProperty("state").GetString());
        Assert.Equal(Photos, status.GetProperty("imagesDone").GetInt32());
        Assert.Equal(Photos / 50, status.GetProperty("unusable").GetInt32());
        Assert.Equal(Names(alone), Names(output));
        Assert.All(Names(alone), name => Assert.Equal(File.ReadAllBytes(Path.Combine(alone, name)), File.ReadAllBytes(Path.Combine(output, name))));
    }

    private static List<string> Names(string folder) => [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
}
