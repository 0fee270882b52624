using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>The threads that work in progress has, and that are gone after <c>Dispose</c>.</summary>
[Collection(nameof(Alone))]
public sealed class LifetimeThreadTests : IDisposable
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_loop_that_nobody_goes_on_with_neither_holds_disposal_up_nor_keeps_its_threads()
    {
        const int Loops = 10;
        var model = _folder.File("tiny.onnx");
        TinyBackbone.Write(model);
        var photo = _folder.File("photo.png");
        File.WriteAllBytes(photo, TestImage.NoisyPng(20, 20, (7, 90, 90), 1));
        var extractor = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var before = OwnThreads();
        var abandoned = new List<IAsyncEnumerator<EmbeddedImage>>();
        for (var i = 0; i < Loops; i++)
        {
            abandoned.Add(extractor.EmbedStreamAsync(Endless(photo), batchSize: 1).GetAsyncEnumerator());
            Assert.True(await abandoned[i].MoveNextAsync());
        }

        Assert.True(OwnThreads() >= before + Loops);
        await Task.Run(extractor.Dispose).WaitAsync(s_bound);
        Assert.True(SpinWait.SpinUntil(() => OwnThreads() < before + Loops, s_bound), $"{OwnThreads() - before} threads are left");
        GC.KeepAlive(abandoned);
    }

    private static IEnumerable<ImageInput> Endless(string path)
    {
        while (true) yield return path;
    }

    private static int OwnThreads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count - ThreadPool.ThreadCount;
    }
}
