using OnnxTransfer.Inference;
using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Embedding;

namespace OnnxTransfer.Tests.Inference;

public sealed class NetworkSessionsTests(PipelineFixture fixture) : IClassFixture<PipelineFixture>
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(30);

    private readonly RunGate _runs = new(typeof(FeatureExtractor));

    [Fact]
    public async Task Disposal_waits_for_a_session_that_is_being_opened_and_closes_it_as_well()
    {
        using var opening = new ManualResetEventSlim();
        using var mayOpen = new ManualResetEventSlim();
        var opened = new List<OnnxSession>();
        var sessions = new NetworkSessions(Open, new SessionSettings(ExecutionProvider.Cpu, Threads: 2), forOne: false, _runs);
        var second = Task.Run(() => sessions.ForOne);
        Assert.True(opening.Wait(s_bound));
        var disposal = Task.Run(() =>
        {
            if (_runs.Close()) sessions.Dispose();
        });
        SpinWait.SpinUntil(() => _runs.IsClosed, s_bound);
        await Task.Delay(50);
        Assert.False(disposal.IsCompleted);
        mayOpen.Set();
        await disposal.WaitAsync(s_bound);
        Assert.Same(opened[1], await second);
        Assert.Equal(2, opened.Count);
        Assert.All(opened, session => Assert.True(session.IsFreed));

        OnnxSession Open(SessionSettings settings)
        {
            if (opened.Count == 1)
            {
                opening.Set();
                mayOpen.Wait(s_bound);
            }

            opened.Add(fixture.Session(TinyBackbone.Dim));
            return opened[^1];
        }
    }

    [Fact]
    public void No_session_is_opened_after_disposal()
    {
        var opened = 0;
        var sessions = new NetworkSessions(Open, new SessionSettings(ExecutionProvider.Cpu, Threads: 2), forOne: false, _runs);
        if (_runs.Close()) sessions.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sessions.ForOne);
        Assert.Equal(1, opened);

        OnnxSession Open(SessionSettings settings)
        {
            opened++;
            return fixture.Session(TinyBackbone.Dim);
        }
    }
}
