using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>A store with a few photos, the network that a job names, and another one of the same shape.</summary>
internal sealed class SmallJob : IDisposable
{
    internal const int Photos = 12;
    internal const int PartSize = 4;
    internal const int Parts = Photos / PartSize;

    private readonly TempFolder _store = new();
    private readonly string[] _cluster;

    internal SmallJob(string[] cluster)
    {
        _cluster = cluster;
        TinyBackbone.Write(Network);
        File.Copy(Network, OtherNetwork);
        // Other preprocessing: the shapes are equal, the vectors are not.
        var card = TinyBackbone.Card();
        (card with { Preprocess = card.Preprocess with { Mean = [0.25, 0.5, 0.5] } }).Save(Path.ChangeExtension(OtherNetwork, ".model.json"));
        for (var i = 0; i < Photos; i++) File.WriteAllBytes(_store.File("photos", $"{i:00}.png"), TestImage.NoisyPng(40, 30, ((byte)(i * 20), 80, 160), seed: i));
    }

    internal string Store => _store.Path;

    internal string OtherNetwork => _store.File("other.onnx");

    private string Network => _store.File("tiny.onnx");

    /// <summary>A worker with the job's network, unless another one is given.</summary>
    internal ClusterProcess Worker(string name, params string[] more) => new(["worker", "--store", Store, "--threads", "1", "--name", name, .. _cluster, .. more]);

    /// <summary>Submits the photos and gives the job's id.</summary>
    internal string Submit(string output) =>
        ClusterProcess.Run(["submit", Path.Combine(Store, "photos"), "--out", Output(output), "--store", Store, "--backbone", Network, "--part-size", $"{PartSize}", .. _cluster]).Trim();

    internal string Output(string name) => Path.Combine(Store, name);

    public void Dispose() => _store.Dispose();
}
