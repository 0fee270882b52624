using System.Diagnostics;
using System.Runtime.InteropServices;
using OnnxTransfer.Backbones.Hub;

namespace OnnxTransfer.Campaigns;

/// <summary>
/// Cancellations at random moments: by a token in this process, and by SIGINT of the tool's. A call ends with its result or an
/// <see cref="OperationCanceledException"/>, the tool with 0 or 130; nothing is torn, no temporary file stays, and neither threads nor handles do.
/// </summary>
internal sealed partial class Cancels(Ground ground) : IDisposable
{
    private const int Interrupt = 2;
    private const int Canceled = 130;
    private const int MostThreadsLeft = 8;
    private const int MostHandlesLeft = 8;
    private const int CallsPerCommand = 8;

    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly FeatureExtractor _extractor = FeatureExtractor.Load(ground.Network, s_onCpu);
    private readonly ImageDataset _photos = ImageDataset.FromFolder(ground.Photos);
    private readonly ImageClassifier _classifier = ImageClassifier.Load(ground.Classifiers[0], s_onCpu);
    private (int Threads, int Handles)? _atFirst;

    private string Folder => Path.Combine(ground.Work, "cancels");

    private IReadOnlyList<ImageInput> Images => [.. _photos.Images.Select(image => image.Image)];

    internal IReadOnlyList<Kind> Kinds()
    {
        var undisturbed = new Lazy<EmbeddingResult>(() => _extractor.EmbedAsync(Images).GetAwaiter().GetResult());
        var evaluated = new Lazy<double>(() => _classifier.EvaluateAsync(_photos).GetAwaiter().GetResult().Result.Accuracy);
        string? Differs(EmbeddingResult result) => result.Features.Values.SequenceEqual(undisturbed.Value.Features.Values) ? null : "other vectors";
        return
        [
            OfCall("EmbedAsync", async (_, token) => Differs(await _extractor.EmbedAsync(Images, cancellationToken: token))),
            OfCall("EmbedAsync with a cache", async (number, token) =>
            {
                using var extractor = FeatureExtractor.Load(ground.Network, s_onCpu with { Cache = new FeatureCache(Path.Combine(Folder, $"cache-{number / 4}")) });
                return Differs(await extractor.EmbedAsync(Images, cancellationToken: token));
            }),
            OfCall("EmbedStreamAsync", async (_, token) =>
            {
                var row = 0;
                await foreach (var image in _extractor.EmbedStreamAsync(Images, cancellationToken: token))
                    if (!image.Vector!.AsSpan().SequenceEqual(undisturbed.Value.Features.Row(row++))) return $"another vector in row {row - 1}";
                return row == Images.Count ? null : $"{row} rows";
            }),
            OfCall("EmbedToSetAsync", async (number, token) =>
            {
                await _extractor.EmbedToSetAsync(Path.Combine(Folder, $"set-{number / 4}"), Images, null, new FeatureSetOptions { PartSize = 16, Root = ground.Photos }, cancellationToken: token);
                return null;
            }),
            OfCall("EvaluateAsync", async (_, token) => (await _classifier.EvaluateAsync(_photos, cancellationToken: token)).Result.Accuracy == evaluated.Value ? null : "another accuracy"),
            OfCall("PredictAsync", async (_, token) => (await _classifier.PredictAsync(Images, cancellationToken: token)).Count == Images.Count ? null : "rows are missing"),
            OfCall("TrainAsync", async (_, token) =>
            {
                using var classifier = (await ImageClassifier.TrainAsync(_extractor, _photos, new TrainingPlan { Epochs = 3, Threads = 1 }, cancellationToken: token)).Classifier;
                return classifier.Labels.Count == 3 ? null : "classes are missing";
            }),
            OfCall("ClassifierHead.Tune", (_, token) => Task.Run(() =>
            {
                var rows = new LabeledFeatures(undisturbed.Value.Features, [.. _photos.Images.Select(image => image.Label[0] % 3)]);
                return ClassifierHead.Tune(rows, 3, new TuningOptions { FoldCount = 2, Values = [0.1, 1] }, token) is null ? "nothing" : null;
            }, CancellationToken.None)),
            OfCall("SaveAsync", async (number, token) =>
            {
                var path = Path.Combine(Folder, $"saved-{number / 4}.onnx");
                await _classifier.SaveAsync(path, token);
                return File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(ground.Classifiers[0])) ? null : "another file";
            }),
            OfCall("LoadAsync", async (_, token) =>
            {
                using var loaded = await ImageClassifier.LoadAsync(ground.Classifiers[0], s_onCpu, token);
                return loaded.Labels.Count == 3 ? null : "classes are missing";
            }),
            OfCall("GetAsync (hub)", async (number, token) =>
            {
                var home = Path.Combine(Folder, $"hub-{number / 4}");
                var store = new ModelStore { Folder = Path.Combine(home, "models"), Hub = new HubSettings { Endpoint = ground.Hub.Address, Folder = home } };
                return File.ReadAllBytes(await store.GetAsync(Ground.HubName, null, token)).AsSpan().SequenceEqual(ground.Hub.Commits[ground.Commit]["onnx/model.onnx"]) ? null : "another model";
            }),
            .. Writing.All(ground).Where(writing => writing.Name is not "models convert --keep-quantized").Select((writing, i) => OfCommand(writing, Path.Combine(Folder, "tool", $"{i}"))),
        ];
    }

    /// <summary>Threads and handles beside those after the first tries.</summary>
    /// <returns>Whether too many stayed.</returns>
    internal bool LeavesResources()
    {
        if (_atFirst is not { } first) return false;
        var now = Count();
        Console.WriteLine($"after the last try: {now.Threads - first.Threads:+0;-0;0} threads beside those of the pool and {now.Handles - first.Handles:+0;-0;0} handles against the count after the first tries");
        return now.Threads - first.Threads > MostThreadsLeft || now.Handles - first.Handles > MostHandlesLeft;
    }

    public void Dispose()
    {
        _classifier.Dispose();
        _extractor.Dispose();
    }

    private Kind OfCall(string name, Func<int, CancellationToken, Task<string?>> call)
    {
        TimeSpan? typical = null;
        return new Kind(name, CallsPerCommand, (number, random) =>
        {
            Directory.CreateDirectory(Folder);
            if (typical is null)
            {
                call(-4, CancellationToken.None).GetAwaiter().GetResult();
                var clock = Stopwatch.StartNew();
                call(-8, CancellationToken.None).GetAwaiter().GetResult();
                typical = clock.Elapsed;
            }

            // Every fourth try is left alone and goes on with what the three before it left.
            var isLeftAlone = number % 4 == 3;
            using var source = new CancellationTokenSource();
            var canceled = false;
            string? wrong;
            if (!isLeftAlone) _ = CancelLater(source, typical.Value * (random.NextDouble() * 1.1));
            try
            {
                wrong = call(number, source.Token).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (!isLeftAlone)
            {
                (wrong, canceled) = (null, true);
            }
#pragma warning disable CA1031 // Any other exception is what this program looks for.
            catch (Exception exception)
            {
                wrong = exception.ToString();
            }
#pragma warning restore CA1031
            var temporaries = Directory.EnumerateFiles(Folder, ".*.tmp").Count();
            if (number == 4) _atFirst = Count();
            return new Verdict { Struck = canceled, Finished = !canceled, Leftovers = temporaries, Lost = wrong ?? (temporaries > 0 ? "a temporary file stayed" : null) };
        });
    }

    private Kind OfCommand(Writing writing, string folder)
    {
        Place? made = null;
        return new Kind($"SIGINT: {writing.Name}", 1, (number, random) =>
        {
            var place = made ??= new Place(ground, writing, folder);
            var variant = number % 2;
            if (number % 5 == 0) place.Clear();
            var before = place.Read();
            Ran ran;
            using (var process = ground.Tool.Start(place.Arguments(variant)))
            {
                process.WaitForExit((int)(place.Typical(variant).TotalMilliseconds * random.NextDouble() * 1.05));
                if (!process.HasExited && Send(process.Id, Interrupt) != 0) throw new InvalidOperationException("the signal was refused");
                ran = Tool.End(process);
            }

            var verdict = place.Judge(new Verdict { Struck = ran.ExitCode == Canceled }, before, variant);
            // A training that is canceled keeps the best weights so far.
            if (verdict.Torn is not null && ran.Error.Contains("best weights so far", StringComparison.Ordinal)) verdict = verdict with { Torn = Unreadable(place.Target) };
            if (ran.ExitCode is not (0 or Canceled)) return verdict with { Lost = $"exit code {ran.ExitCode}: {ran.Error}" };
            if (ran.ExitCode == 0 && !verdict.Finished) return verdict with { Torn = "exit code 0 and another content" };
            // Before the tool listens for signals the system ends it, as a kill does, and it has written nothing yet.
            if (verdict.Leftovers > 0) return verdict with { Lost = $"a temporary file stayed: {place.Temporaries()[0]}" };
            return number % 3 == 2 && place.Repeat(variant) is { } wrong ? verdict with { Lost = wrong } : verdict;
        });
    }

    private static string? Unreadable(string classifier)
    {
        try
        {
            ImageClassifier.Load(classifier, s_onCpu).Dispose();
            return null;
        }
        catch (ModelException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>A timer ticks in milliseconds, which is longer than some of the calls.</summary>
    private static Task CancelLater(CancellationTokenSource source, TimeSpan time) => Task.Run(() =>
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time) Thread.Sleep(0);
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call was faster.
        }
    });

    private static (int Threads, int Handles) Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return (process.Threads.Count - ThreadPool.ThreadCount, Directory.GetFileSystemEntries("/proc/self/fd").Length);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
