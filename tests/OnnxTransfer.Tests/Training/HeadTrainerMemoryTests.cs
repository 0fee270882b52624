using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

[Collection(nameof(Alone))]
public sealed class HeadTrainerMemoryTests
{
    [Fact]
    public void AStepAllocatesNothing()
    {
        var data = Gaussians.Make(3200, 40, 3, 1);
        long Allocated(int epochs)
        {
            var options = new TrainingOptions { Epochs = epochs, Threads = 1, HiddenUnits = [16], Dropout = 0.2, L2 = 1e-3 };
            HeadTrainer.Train(data, 3, options);
            var before = GC.GetAllocatedBytesForCurrentThread();
            HeadTrainer.Train(data, 3, options);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // 100 steps an epoch: what 2000 more steps allocate is their two places in the history and 20 epochs' metrics and passes. The least
        // of five differences: code that is not optimized yet allocates more, and so does a run that finds a pool emptied by
        // a collection.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Allocated(21) - Allocated(1)), 0, 2 * 2000 * sizeof(float) + 20 * 200);
    }
}
