using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class RunGateTests
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(30);

    private readonly RunGate _gate = new(typeof(FeatureExtractor));

    [Fact]
    public async Task Closing_waits_for_the_runs_inside_and_refuses_others()
    {
        Assert.True(_gate.TryEnter());
        Assert.True(_gate.TryEnter());
        var closing = Task.Run(_gate.Close);
        SpinWait.SpinUntil(() => _gate.IsClosed, s_bound);
        Assert.False(_gate.TryEnter());
        _gate.Exit();
        Assert.False(_gate.TryEnter());
        await Task.Delay(50);
        Assert.False(closing.IsCompleted);
        _gate.Exit();
        Assert.True(await closing.WaitAsync(s_bound));
        Assert.False(_gate.TryEnter());
    }

    [Fact]
    public async Task Closing_asynchronously_does_not_hold_the_thread()
    {
        Assert.True(_gate.TryEnter());
        var closing = _gate.CloseAsync();
        Assert.False(closing.IsCompleted);
        _gate.Exit();
        Assert.True(await closing.WaitAsync(s_bound));
    }

    [Fact]
    public async Task Of_many_who_close_one_frees_and_none_returns_before_the_last_run_has_left()
    {
        Assert.True(_gate.TryEnter());
        var closers = Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? Task.Run(_gate.Close) : Task.Run(_gate.CloseAsync)).ToArray();
        SpinWait.SpinUntil(() => _gate.IsClosed, s_bound);
        await Task.Delay(50);
        Assert.All(closers, closer => Assert.False(closer.IsCompleted));
        _gate.Exit();
        Assert.Single(await Task.WhenAll(closers).WaitAsync(s_bound), isFirst => isFirst);
        Assert.False(_gate.Close());
    }

    [Fact]
    public void A_refusal_names_the_public_type()
    {
        Assert.False(_gate.Closing.IsCancellationRequested);
        Assert.False(_gate.IsClosed);
        using (_gate.Enter()) _gate.ThrowIfClosed();
        Assert.True(_gate.Close());
        Assert.True(_gate.Closing.IsCancellationRequested);
        Assert.Equal("OnnxTransfer.FeatureExtractor", Assert.Throws<ObjectDisposedException>(() => _gate.Enter().Dispose()).ObjectName);
        Assert.Equal("OnnxTransfer.FeatureExtractor", Assert.Throws<ObjectDisposedException>(_gate.ThrowIfClosed).ObjectName);
    }

    [Fact]
    public async Task Nobody_is_inside_once_it_is_closed()
    {
        for (var round = 0; round < 200; round++)
        {
            var gate = new RunGate(typeof(FeatureExtractor));
            var isFreed = false;
            var runs = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                var seen = false;
                while (gate.TryEnter())
                {
                    seen |= Volatile.Read(ref isFreed);
                    Thread.SpinWait(5);
                    seen |= Volatile.Read(ref isFreed);
                    gate.Exit();
                }

                return seen;
            })).ToArray();
            Thread.SpinWait(50 * round);
            gate.Close();
            Volatile.Write(ref isFreed, true);
            Assert.DoesNotContain(true, await Task.WhenAll(runs).WaitAsync(s_bound));
        }
    }
}
