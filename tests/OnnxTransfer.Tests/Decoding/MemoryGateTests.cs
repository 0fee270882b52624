using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Decoding;

public sealed class MemoryGateTests
{
    private int _givenBack;

    private MemoryGate Gate => field ??= new MemoryGate(() => _givenBack++);

    [Fact]
    public async Task Images_that_fit_go_in_and_the_next_waits_for_the_first_to_leave()
    {
        var first = await Enter(60);
        using var second = await Enter(40);
        var third = Enter(50);
        Assert.False(third.IsCompleted);
        Assert.Equal((1, 2, 100L), (Gate.Waiting, Gate.Active, Gate.Bytes));
        first.Dispose();
        (await third).Dispose();
        first.Dispose();
        Assert.Equal((0, 1, 40L), (Gate.Waiting, Gate.Active, Gate.Bytes));
    }

    [Fact]
    public async Task An_image_above_the_budget_is_decoded_alone()
    {
        var small = await Enter(1);
        var large = Enter(1000);
        Assert.False(large.IsCompleted);
        small.Dispose();
        using (await large) Assert.False(Enter(1).IsCompleted);
    }

    [Fact]
    public async Task A_large_image_is_not_overtaken_by_small_ones()
    {
        var first = await Enter(60);
        var large = Enter(90);
        var small = Enter(10);
        Assert.False(small.IsCompleted);
        first.Dispose();
        using var inside = await large;
        using var last = await small;
    }

    [Fact]
    public async Task Whoever_stops_waiting_makes_way_for_those_behind()
    {
        using var stop = new CancellationTokenSource();
        var first = await Enter(60);
        var large = Gate.EnterAsync(90, 100, stop.Token).AsTask();
        var small = Enter(10);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
        first.Dispose();
        Assert.Equal((0, 0, 0L), (Gate.Waiting, Gate.Active, Gate.Bytes));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Gate.EnterAsync(1, 100, stop.Token).AsTask());
    }

    [Fact]
    public async Task What_was_freed_counts_until_it_is_given_back()
    {
        (await Enter(60)).Dispose();
        (await Enter(40)).Dispose();
        Assert.Equal(0, _givenBack);
        using var next = await Enter(10);
        Assert.Equal(1, _givenBack);
    }

    [Fact]
    public void A_thread_that_decodes_does_not_wait_for_itself()
    {
        using var outer = Gate.Enter(90, 100, CancellationToken.None);
        using var inside = MemoryGate.Entry.OnThread();
        using var inner = Gate.Enter(90, 100, CancellationToken.None);
        Assert.Equal(2, Gate.Active);
    }

    [Fact]
    public async Task Many_callers_of_many_sizes_stay_under_the_budget_and_all_come_through()
    {
        var (inside, most, through) = (0L, 0L, 0);
        await Parallel.ForEachAsync(Enumerable.Range(1, 5000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellationToken) =>
        {
            var bytes = (i * 37 % 100) + 1;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (i % 10 == 0) stop.CancelAfter(0);
            try
            {
                using var place = await Gate.EnterAsync(bytes, 100, stop.Token);
                var now = Interlocked.Add(ref inside, bytes);
                for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, now, seen);
                await Task.Yield();
                Interlocked.Add(ref inside, -bytes);
                Interlocked.Increment(ref through);
            }
            catch (OperationCanceledException) when (i % 10 == 0)
            {
                // On purpose.
            }
        });
        Assert.InRange(most, 1, 100);
        Assert.InRange(through, 4500, 5000);
        Assert.Equal((0, 0, 0L), (Gate.Waiting, Gate.Active, Gate.Bytes));
    }

    [Fact]
    public async Task A_decode_that_fails_leaves_the_gate()
    {
        var spec = PreprocessSpec.Torch();
        var tensor = new float[3 * spec.OutputSize.Width * spec.OutputSize.Height];
        var damaged = Sample.Bytes("rgb.png");
        // Nothing else may hold the bytes: the budget is of one image.
        var options = DecodeOptions.Default with { MemoryBudget = 1 };
        var preprocessor = new ImagePreprocessor(spec, TensorLayout.Nchw, ImageDecoders.Default, options);
        for (var i = 0; i < 100; i++)
            Assert.Throws<ImageDecodeException>(() => preprocessor.Prepare(damaged.AsSpan(0, 60), tensor));
        await Task.Run(() => preprocessor.Prepare(damaged, tensor));
    }

    private Task<MemoryGate.Entry> Enter(long bytes) => Gate.EnterAsync(bytes, 100, CancellationToken.None).AsTask();
}
