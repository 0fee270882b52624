using FsCheck;
using FsCheck.Fluent;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class EvaluationComparisonTests
{
    private static readonly string[] s_labels = ["a", "b"];

    [Theory]
    // p by hand: two-sided exact binomial test of gained against lost with 1/2.
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(3, 3, 1)]
    [InlineData(5, 0, 0.0625)]
    [InlineData(1, 9, 0.021484375)]
    [InlineData(8, 2, 0.109375)]
    public void McNemarsTestIsExact(int gained, int lost, double p) => Assert.Equal(p, Of(gained, lost, bothRight: 20, bothWrong: 3).PValue, 1e-12);

    [Fact]
    public void ManyImagesDoNotUnderflow()
    {
        var even = Of(1500, 1500, 10, 0);
        Assert.Equal(1, even.PValue, 1e-9);
        Assert.InRange(Of(1700, 1300, 0, 0).PValue, 1e-13, 1e-12);
    }

    [Fact]
    public void TheIntervalIsThatOfBonettAndPrice()
    {
        // n = 100, gained 12, lost 4: g = 13/102, l = 5/102.
        var result = Of(12, 4, 70, 14);
        Assert.Equal(0.08, result.Difference, 1e-12);
        Assert.Equal(0.078431 - 0.080090, result.DifferenceInterval.Low, 1e-5);
        Assert.Equal(0.078431 + 0.080090, result.DifferenceInterval.High, 1e-5);
        Assert.True(result.DifferenceInterval.HasZero);
        Assert.False(Of(30, 4, 60, 6).DifferenceInterval.HasZero);
    }

    [Fact]
    public void TheOtherWayRoundEverythingIsReversed() => Prop.ForAll(
        Gen.Choose(0, 12).Four().ToArbitrary(), counts =>
        {
            var (gained, lost, right, wrong) = counts;
            if (gained + lost + right + wrong == 0) return;
            var (here, there) = (Of(gained, lost, right, wrong), Of(lost, gained, right, wrong));
            Assert.Equal(here.Difference, -there.Difference, 1e-12);
            Assert.Equal(here.PValue, there.PValue, 1e-12);
            Assert.Equal(here.DifferenceInterval.Low, -there.DifferenceInterval.High, 1e-12);
            Assert.Equal((here.Gained.Count, here.Lost.Count), (there.Lost.Count, there.Gained.Count));
            Assert.InRange(here.PValue, 0, 1);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void OnlyImagesThatBothCouldUseCountAndLabelsMayBeInAnotherOrder()
    {
        EvaluatedImage[] mine = [Image("1", "a", 0.9f), Image("2", "b", 0.2f), new("3", "a", DataSplit.Auto, null, "It is no image."), Image("4", "b", 0.6f)];
        EvaluatedImage[] others = [Image("1", "a", 0.4f, "b", "a"), new("2", "b", DataSplit.Auto, null, "It is no image."), Image("3", "a", 0.8f, "b", "a"), Image("4", "b", 0.7f, "b", "a")];
        var result = EvaluationComparison.Of(mine, others, s_labels, ["b", "a"]);
        Assert.Equal(2, result.Count);
        Assert.Equal(0.5, result.Accuracy);
        Assert.Equal(1, result.OtherAccuracy);
        // "a" has the probability 0.9 here and 0.6 there; "b" 0.4 here and 0.7 there.
        Assert.Equal(-(Math.Log(0.9) + Math.Log(0.4)) / 2, result.Loss, 1e-6);
        Assert.Equal(-(Math.Log(0.6) + Math.Log(0.7)) / 2, result.OtherLoss, 1e-6);
        Assert.Equal([new ComparedClass("a", 1, 1, 1), new ComparedClass("b", 1, 0, 1)], result.Classes);
        Assert.Equal(["4"], result.Lost.Select(image => image.Id));
    }

    [Fact]
    public void NothingInCommonIsRefused() => Assert.Contains(
        "nothing to compare", Assert.Throws<ArgumentException>(() => EvaluationComparison.Of([Image("1", "a", 1)], [new("1", "a", DataSplit.Auto, null, "no")], s_labels, s_labels)).Message, StringComparison.Ordinal);

    private static EvaluationComparison Of(int gained, int lost, int bothRight, int bothWrong)
    {
        var (mine, others) = (new List<EvaluatedImage>(), new List<EvaluatedImage>());
        foreach (var (count, first, second) in new[] { (gained, 0.9f, 0.3f), (lost, 0.2f, 0.8f), (bothRight, 0.7f, 0.6f), (bothWrong, 0.1f, 0.4f) })
        {
            for (var i = 0; i < count; i++)
            {
                mine.Add(Image($"{mine.Count}", "a", first));
                others.Add(Image($"{others.Count}", "a", second));
            }
        }

        return EvaluationComparison.Of(mine, others, s_labels, s_labels);
    }

    /// <summary>An image with the probability of the first label.</summary>
    private static EvaluatedImage Image(string id, string label, float first, params string[] labels) =>
        new(id, label, DataSplit.Auto, new Prediction(labels.Length > 0 ? labels : s_labels, [first, 1 - first]), null);
}
