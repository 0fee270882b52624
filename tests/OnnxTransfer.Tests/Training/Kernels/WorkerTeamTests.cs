using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Tests.Training.Kernels;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void EachTaskRunsOnce(int threads)
    {
        // Far more threads than cores, and jobs that are over before all have woken: late ones must not touch the next job.
        using var team = new WorkerTeam(threads);
        for (var job = 0; job < 20_000; job++)
        {
            var count = 1 + job * 7 % 13;
            var runs = new int[count];
            team.Run(count, task => runs[task]++);
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    [Fact]
    public void AJobEndsWithItsTasks()
    {
        using var team = new WorkerTeam(4);
        for (var job = 0; job < 200; job++)
        {
            var done = 0;
            team.Run(8, task =>
            {
                if (task % 3 == 0) Thread.Sleep(1);
                Interlocked.Increment(ref done);
            });
            Assert.Equal(8, done);
        }
    }

    [Fact]
    public void AFailureReachesTheCallerOnceAndTheTeamGoesOn()
    {
        using var team = new WorkerTeam(3);
        for (var job = 0; job < 100; job++)
        {
            var failure = Assert.Throws<InvalidOperationException>(() => team.Run(6, task =>
            {
                if (task == 4) throw new InvalidOperationException("task 4");
            }));
            Assert.Equal("task 4", failure.Message);
            var done = 0;
            team.Run(6, _ => Interlocked.Increment(ref done));
            Assert.Equal(6, done);
        }
    }
}
