using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Data;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Data;

public sealed class StratifiedSplitTests
{
    private static readonly SplitPercentages s_80_10_10 = new(80, 10, 10);

    [Fact]
    public void EveryImageIsInExactlyOnePart() => Check(Generated(), (classes, fractions, seed) =>
    {
        var split = StratifiedSplit.Create(classes, fractions, seed);
        return split.Train.Concat(split.Validation).Concat(split.Test).Order().SequenceEqual(Enumerable.Range(0, classes.Length));
    });

    [Fact]
    public void EveryClassHasItsShareToWithinOneImageAndSomethingToTrainOn() => Check(Generated(), (classes, fractions, seed) =>
    {
        var split = StratifiedSplit.Create(classes, fractions, seed);
        return classes.Distinct().All(label =>
        {
            var n = classes.Count(one => one == label);
            var train = In(split.Train, classes, label);
            var wantsOneInTrain = n * fractions.Train / 100 < 1;
            return train >= 1
                && (wantsOneInTrain ? train == 1 : Math.Abs(train - n * fractions.Train / 100) < 1)
                && In(split.Validation, classes, label) < n * fractions.Validation / 100 + 1
                && In(split.Test, classes, label) < n * fractions.Test / 100 + 1;
        });
    });

    [Fact]
    public void SameSeedGivesTheSameSplitAndAnotherSeedAnother()
    {
        var classes = Classes(30, 30);
        Assert.Equal(StratifiedSplit.Create(classes, s_80_10_10, 7).Test, StratifiedSplit.Create(classes, s_80_10_10, 7).Test);
        Assert.NotEqual(StratifiedSplit.Create(classes, s_80_10_10, 7).Test, StratifiedSplit.Create(classes, s_80_10_10, 8).Test);
    }

    [Fact]
    public void SplitOfOneClassDoesNotDependOnLaterClasses()
    {
        var alone = StratifiedSplit.Create(Classes(50), s_80_10_10, 1);
        var withOthers = StratifiedSplit.Create(Classes(50, 70, 20), s_80_10_10, 1);
        Assert.Equal(alone.Test, withOthers.Test.Where(index => index < 50));
    }

    [Fact]
    public void RemaindersAreSharedOutOverTheClasses()
    {
        var classes = Classes(Enumerable.Repeat(5, 10).ToArray());
        var split = StratifiedSplit.Create(classes, s_80_10_10, 1);
        Assert.Equal((40, 5, 5), (split.Train.Count, split.Validation.Count, split.Test.Count));
    }

    [Theory]
    [InlineData("80/10/10", 24, 3, 3)]
    [InlineData("80/0/20", 24, 0, 6)]
    [InlineData("100/0/0", 30, 0, 0)]
    [InlineData("70/10/20", 21, 3, 6)]
    public void ExactSharesAreExact(string text, int train, int validation, int test)
    {
        var split = StratifiedSplit.Create(Classes(30), SplitPercentages.Parse(text), 3);
        Assert.Equal((train, validation, test), (split.Train.Count, split.Validation.Count, split.Test.Count));
    }

    [Theory]
    [InlineData("80/10/10")]
    [InlineData("10/0/90")]
    [InlineData("10/45/45")]
    public void ClassWithOneImageGoesToTrain(string text)
    {
        var split = StratifiedSplit.Create(Classes(1, 20, 1), SplitPercentages.Parse(text), 5);
        Assert.Contains(0, split.Train);
        Assert.Contains(21, split.Train);
    }

    [Fact]
    public void SequenceIsPinned()
    {
        // SplitMix64 of state 1234567, as published with the reference implementation of xoshiro.
        var generator = new SplitMix64(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], new[] { generator.Next(), generator.Next(), generator.Next() });
    }

    [Fact]
    public void ShuffleReachesEveryOrderAboutEquallyOften()
    {
        var counts = new Dictionary<string, int>();
        for (var seed = 0; seed < 6000; seed++)
        {
            int[] values = [0, 1, 2];
            new SplitMix64((ulong)seed).Shuffle(values);
            var key = string.Join(',', values);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        Assert.Equal(6, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 850, 1150));
    }

    [Theory]
    [InlineData("80/10")]
    [InlineData("80/10/20")]
    [InlineData("0/50/50")]
    [InlineData("110/-10/0")]
    [InlineData("80;10;10")]
    [InlineData("a/b/c")]
    [InlineData("NaN/0/0")]
    [InlineData("")]
    public void WrongSplitIsRefusedWithTheRightForm(string text)
    {
        var error = Assert.Throws<ArgumentException>(() => SplitPercentages.Parse(text));
        Assert.Contains("80/10/10", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("80/10/10", "80/10/10")]
    [InlineData(" 66.6 / 0 / 33.4 ", "66.6/0/33.4")]
    public void SplitIsWrittenAsItIsRead(string text, string written) => Assert.Equal(written, SplitPercentages.Parse(text).ToString());

    private static int In(IReadOnlyList<int> part, int[] classes, int label) => part.Count(index => classes[index] == label);

    private static int[] Classes(params int[] sizes) => [.. sizes.SelectMany((size, label) => Enumerable.Repeat(label, size))];

    private static Gen<(int[] Classes, SplitPercentages Fractions, int Seed)> Generated() =>
        from classes in Gen.Choose(0, 6).ArrayOf()
        from train in Gen.Choose(1, 100)
        from validation in Gen.Choose(0, 100 - train)
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        select (classes, new SplitPercentages(train, validation, 100 - train - validation), seed);

    private static void Check(
        Gen<(int[] Classes, SplitPercentages Fractions, int Seed)> cases, Func<int[], SplitPercentages, int, bool> law) =>
        FsCheck.Fluent.Prop.ForAll(cases.ToArbitrary(), one => law(one.Classes, one.Fractions, one.Seed)).QuickCheckThrowOnFailure();
}
