using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class DisjointSetsTests
{
    [Fact]
    public void Joined_numbers_have_the_name_of_the_lowest()
    {
        var sets = new DisjointSets(7);
        foreach (var (a, b) in new[] { (5, 3), (3, 6), (1, 2), (6, 5), (4, 4) }) sets.Join(a, b);
        Assert.Equal([0, 1, 1, 3, 4, 3, 3], sets.Names());
        sets.Join(6, 2);
        Assert.Equal([0, 1, 1, 1, 4, 1, 1], sets.Names());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 1.75)]
    [InlineData(0.5, 2.5)]
    [InlineData(1, 4)]
    public void Quantiles_are_those_of_NumPy(double share, double expected) => Assert.Equal(expected, Quantile.Of([1, 2, 3, 4], share));

    [Fact]
    public void Steps_add_up_and_never_go_back()
    {
        var seen = new List<long>();
        var steps = new StepProgress(new Collector(seen), count: 100, steps: 2);
        steps.Step(0)!.Report(new WorkProgress(50, 100));
        steps.Step(0)!.Report(new WorkProgress(20, 100));
        steps.Step(1)!.Report(new WorkProgress(1, 4));
        steps.Step(1)!.Report(new WorkProgress(0, 0));
        steps.Step(1)!.Report(new WorkProgress(4, 4));
        Assert.Equal([50, 125, 200], seen);
        Assert.Null(new StepProgress(null, 1, 1).Step(0));
    }

    private sealed class Collector(List<long> seen) : IProgress<WorkProgress>
    {
        void IProgress<WorkProgress>.Report(WorkProgress value)
        {
            Assert.Equal(200, value.Total);
            seen.Add(value.Done);
        }
    }
}
