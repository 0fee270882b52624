using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class CoresTests
{
    [Fact]
    public void Zero_is_one_thread_for_each_core()
    {
        Assert.Equal(Environment.ProcessorCount, Cores.Count(0));
        Assert.Equal(1, Cores.Count(1));
        Assert.Equal(1000, Cores.Count(1000));
    }
}
