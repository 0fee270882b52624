using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Inference;

public sealed class DeviceThreadTests
{
    [Fact]
    public void All_work_is_done_by_one_thread_that_is_not_the_callers()
    {
        var device = new DeviceThread();
        var threads = new HashSet<int>();
        // One piece of work at a time: no lock is needed around the set.
        Parallel.For(0, 50, _ => device.Run(() => threads.Add(Environment.CurrentManagedThreadId)));
        Assert.Single(threads);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
    }

    [Fact]
    public void Work_that_asks_for_work_does_not_wait_for_itself()
    {
        var device = new DeviceThread();
        Assert.Equal(3, device.Run(() => device.Run(() => 3)));
    }

    [Fact]
    public void Each_device_of_a_provider_has_one_thread()
    {
        Assert.Same(DeviceThread.Of(ExecutionProvider.Cuda, 7), DeviceThread.Of(ExecutionProvider.Cuda, 7));
        Assert.NotSame(DeviceThread.Of(ExecutionProvider.Cuda, 7), DeviceThread.Of(ExecutionProvider.Cuda, 8));
    }

    [Fact]
    public void What_the_work_throws_reaches_the_caller_and_the_thread_goes_on()
    {
        var device = new DeviceThread();
        var thrown = Assert.Throws<InvalidDataException>(() => device.Run(() => throw new InvalidDataException("no")));
        Assert.Equal("no", thrown.Message);
        var done = false;
        device.Run(() => done = true);
        Assert.True(done);
    }
}
