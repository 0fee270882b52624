using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>
/// Images to rows of numbers: read, decode and prepare, batch, run, and out in the order they came in. All stages work at the same
/// time, but at most <see cref="PipelineShape.Window"/> batches are in progress: a caller that takes rows slowly slows the reading
/// down. One pipeline serves one run.
/// </summary>
/// <param name="session">The network.</param>
/// <param name="preprocessor">Prepares its images.</param>
/// <param name="shape">Threads and batches.</param>
/// <param name="meter">Told of every image and stage.</param>
/// <param name="openCache">Opens the rows of earlier runs; null to compute all.</param>
/// <param name="views">How each image is seen, its vector being the mean over them; null for the plain view.</param>
internal sealed class EmbeddingPipeline(
    OnnxSession session, ImagePreprocessor preprocessor, PipelineShape shape, ExtractorMeter meter, Func<CachedRows>? openCache = null, IReadOnlyList<ImageView>? views = null)
{
    private readonly IReadOnlyList<ImageView> _views = views ?? [ImageView.Plain];
    // Threads first take the work that brings a batch nearest to its end. On the CPU the queue also has the network's work.
    private readonly Channel<Step> _images = Channel.CreateUnboundedPrioritized(new UnboundedPrioritizedChannelOptions<Step> { Comparer = Step.MostAdvancedFirst });
    private readonly Channel<Step> _device = Channel.CreateUnbounded<Step>();
    private readonly Channel<PipelineBatch> _done = Channel.CreateUnbounded<PipelineBatch>();
    private CachedRows? _cache;
    // The batches in progress, plus one for the list itself as long as it has more images.
    private int _open = 1;

    /// <summary>The time of each stage, so far.</summary>
    internal StageTimes Times { get; } = new(shape, meter);

    /// <summary>Runs images through the network.</summary>
    /// <param name="inputs">The images; the pipeline reads them as it has room.</param>
    /// <param name="cancellationToken">Stops the run; the current images are finished but not returned.</param>
    /// <returns>Batches in the order of the list, each with all its images. Leaving the loop early stops the run.</returns>
    internal async IAsyncEnumerable<PipelineBatch> RunAsync(IAsyncEnumerable<ImageInput> inputs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (shape.IsPadded) await Task.Run(() => session.WarmUp(shape.BatchSize), cancellationToken).ConfigureAwait(false);
        Times.Begin();
        using var cache = _cache = openCache?.Invoke();
        using var window = new SemaphoreSlim(shape.Window);
        // Disposal stops the threads, also those of an abandoned run.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Closing);
        Task[] tasks =
        [
            Task.Run(() => FeedAsync(inputs, window, stop.Token), CancellationToken.None),
            .. Enumerable.Range(0, shape.Workers).Select(_ => StartThread(_images.Reader, stop.Token)),
            .. Enumerable.Range(0, shape.Runners).Select(_ => StartThread(_device.Reader, stop.Token)),
        ];
        try
        {
            await foreach (var batch in InOrderAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return batch;
                window.Release();
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            // The error was thrown above.
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_done.Reader.TryRead(out var late)) Keep(late);
        }
    }

    private async IAsyncEnumerable<PipelineBatch> InOrderAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var early = new Dictionary<int, PipelineBatch>();
        var next = 0;
        await foreach (var batch in _done.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            // The row is kept before its turn, so it need not be computed again if the run ends early.
            Keep(batch);
            early.Add(batch.Number, batch);
            for (; early.Remove(next, out var ready); next++) yield return ready;
        }
    }

    private void Keep(PipelineBatch batch)
    {
        foreach (var (key, row) in batch.NewRows()) _cache?.Add(key, row);
    }

    private async Task FeedAsync(IAsyncEnumerable<ImageInput> inputs, SemaphoreSlim window, CancellationToken cancellationToken)
    {
        try
        {
            var (number, start) = (0, 0);
            await foreach (var chunk in inputs.Chunk(Math.Max(1, shape.BatchSize / _views.Count)).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await window.WaitAsync(cancellationToken).ConfigureAwait(false);
                Interlocked.Increment(ref _open);
                var batch = new PipelineBatch(number++, start, chunk, _views.Count);
                start += chunk.Length;
                for (var slot = 0; slot < chunk.Length; slot++) _images.Writer.TryWrite(new Step(batch, slot));
            }

            Close();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    /// <summary>A thread of its own, since it computes for as long as the run takes: the pool's threads are for short work.</summary>
    private Task StartThread(ChannelReader<Step> steps, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => Work(steps, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Work(ChannelReader<Step> steps, CancellationToken cancellationToken)
    {
        try
        {
            while (steps.WaitToReadAsync(cancellationToken).AsTask().GetAwaiter().GetResult())
            {
                while (!cancellationToken.IsCancellationRequested && steps.TryRead(out var step))
                {
                    if (step.IsRun) Run(step.Batch, cancellationToken);
                    else Prepare(step.Batch, step.Slot, cancellationToken);
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private void Prepare(PipelineBatch batch, int slot, CancellationToken cancellationToken)
    {
        var time = Stopwatch.GetTimestamp();
        try
        {
            using var image = preprocessor.Open(batch.Input(slot), cancellationToken);
            if (_cache is not null) batch.Identify(slot, preprocessor.ContentKey(image));
            for (var view = 0; view < _views.Count; view++)
            {
                var isKnown = batch.ContentKey(slot) is { } content && TryRecall(batch, slot, view, ImagePreprocessor.RowKey(content, _views[view]));
                time = Times.Book(PipelineStage.Reading, time);
                if (isKnown) continue;
                batch.Prepared(slot, view, preprocessor.Prepare(image, batch.Slot(slot, view, preprocessor), view: _views[view], cancellationToken: cancellationToken));
                time = Times.Book(PipelineStage.Preparing, time);
            }
        }
        catch (ImageDecodeException exception)
        {
            batch.Skip(slot, exception);
        }

        Times.Book(PipelineStage.Preparing, time);
        if (!batch.Arrive()) return;
        if (batch.NeedsNetwork) (shape.Runners > 0 ? _device : _images).Writer.TryWrite(Step.Run(batch));
        else Finish(batch);
    }

    private bool TryRecall(PipelineBatch batch, int slot, int view, byte[] key)
    {
        if (_cache!.Find(key) is { } row)
        {
            batch.Take(slot, view, row);
            return true;
        }

        batch.KeepUnder(slot, view, key);
        return false;
    }

    private void Run(PipelineBatch batch, CancellationToken cancellationToken)
    {
        var time = Stopwatch.GetTimestamp();
        batch.Run(session, shape.IsPadded ? shape.BatchSize : null, cancellationToken);
        Times.Book(PipelineStage.Running, time);
        Finish(batch);
    }

    private void Finish(PipelineBatch batch)
    {
        batch.Complete();
        meter.Count(batch.Images);
        _done.Writer.TryWrite(batch);
        Close();
    }

    /// <summary>The last thread ends the run.</summary>
    private void Close()
    {
        if (Interlocked.Decrement(ref _open) > 0) return;
        _images.Writer.Complete();
        _device.Writer.Complete();
        _done.Writer.Complete();
    }

    /// <summary>Passes the first failure to the thread that takes the rows; that thread then stops the others.</summary>
    private void Fail(Exception exception)
    {
        // Disposal stops the threads by canceling them, but it is not a cancellation that the caller asked for.
        if (exception is OperationCanceledException && session.Refusal is { } disposed) exception = disposed;
        _done.Writer.TryComplete(exception);
    }

    /// <summary>One piece of work: to prepare an image of a batch, or to run the batch.</summary>
    private readonly record struct Step(PipelineBatch Batch, int Slot)
    {
        private const int Whole = -1;

        internal static IComparer<Step> MostAdvancedFirst { get; } = Comparer<Step>.Create(static (a, b) =>
            a.IsRun != b.IsRun ? (a.IsRun ? -1 : 1)
            : a.Batch.Number != b.Batch.Number ? a.Batch.Number.CompareTo(b.Batch.Number)
            : a.Slot.CompareTo(b.Slot));

        internal bool IsRun => Slot == Whole;

        internal static Step Run(PipelineBatch batch) => new(batch, Whole);
    }
}
