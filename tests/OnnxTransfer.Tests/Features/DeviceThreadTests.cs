using OnnxTransfer.Features;

namespace OnnxTransfer.Tests.Features;

public sealed class DeviceThreadTests
{
    [Fact]
    public void All_work_is_done_by_one_thread_that_is_not_the_callers()
    {
        using var device = new DeviceThread();
        var threads = new HashSet<int>();
        // One piece of work at a time: no lock is needed around the set.
        Parallel.For(0, 50, _ => device.Run(() => threads.Add(Environment.CurrentManagedThreadId)));
        Assert.Single(threads);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
    }

    [Fact]
    public void What_the_work_throws_reaches_the_caller_and_the_thread_goes_on()
    {
        using var device = new DeviceThread();
        var thrown = Assert.Throws<InvalidDataException>(() => device.Run(() => throw new InvalidDataException("no")));
        Assert.Equal("no", thrown.Message);
        var done = false;
        device.Run(() => done = true);
        Assert.True(done);
    }
}
