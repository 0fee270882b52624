using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Data;
using OnnxTransfer.Training;
using Random = System.Random;

namespace OnnxTransfer.Tests.Training.Auditing;

/// <summary>Rows of one group stay on one side of every division, and without groups nothing changes.</summary>
public sealed class GroupedFoldsTests
{
    [Fact]
    public void Folds_hold_out_every_row_once_and_no_group_in_two() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, size) =>
    {
        var random = new Random(seed);
        var rows = Rows(random, size.Get + 10, groups: true);
        var folds = HoldOut.FoldRows(rows, 3, seed).ToList();
        Assert.Equal(Enumerable.Range(0, rows.Count), folds.SelectMany(fold => fold).Order());
        foreach (var group in Enumerable.Range(0, rows.Count).GroupBy(row => rows.Groups![row])) Assert.Single(folds, fold => group.Any(fold.Contains));
    }));

    [Fact]
    public void Groups_of_one_divide_as_no_groups_do() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, size) =>
    {
        var plain = Rows(new Random(seed), size.Get + 10, groups: false);
        var single = new LabeledFeatures(plain.Features, plain.Labels.ToArray()) { Groups = [.. Enumerable.Range(0, plain.Count).Select(row => 7 * row)] };
        Assert.Equal(HoldOut.FoldRows(plain, 4, seed).SelectMany(fold => fold.Append(-1)), HoldOut.FoldRows(single, 4, seed).SelectMany(fold => fold.Append(-1)));
        var labels = plain.Labels.ToArray();
        var (a, b) = (StratifiedSplit.Create(labels, SplitPercentages.Default, seed), StratifiedSplit.Create(labels, SplitPercentages.Default, seed, single.Groups));
        Assert.Equal((a.Train, a.Validation, a.Test), (b.Train, b.Validation, b.Test), (x, y) => x.Train.SequenceEqual(y.Train) && x.Validation.SequenceEqual(y.Validation) && x.Test.SequenceEqual(y.Test));
    }));

    [Fact]
    public void The_hold_out_of_a_training_keeps_groups_together()
    {
        var rows = Rows(new Random(4), 200, groups: true);
        var (training, validation) = HoldOut.Split(rows, 0.25, seed: 3);
        Assert.Equal(200, training.Count + validation.Count);
        Assert.InRange(validation.Count, 20, 90);
        Assert.Empty(training.Groups!.Intersect(validation.Groups!));
    }

    [Fact]
    public void A_split_keeps_groups_together_and_the_proportions_of_the_groups() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, size) =>
    {
        var rows = Rows(new Random(seed), size.Get + 30, groups: true);
        var labels = rows.Labels.ToArray();
        var split = StratifiedSplit.Create(labels, new SplitPercentages(60, 20, 20), seed, rows.Groups);
        Assert.Equal(Enumerable.Range(0, labels.Length), split.Train.Concat(split.Validation).Concat(split.Test).Order());
        HashSet<int>[] parts = [.. new[] { split.Train, split.Validation, split.Test }.Select(part => part.Select(row => rows.Groups![row]).ToHashSet())];
        Assert.Empty(parts[0].Intersect(parts[1]).Concat(parts[0].Intersect(parts[2])).Concat(parts[1].Intersect(parts[2])));
        // Every class can be learned, and but for that the groups are divided as asked, to within one for each class.
        Assert.Equal(labels.Distinct().Order(), split.Train.Select(row => labels[row]).Distinct().Order());
        var groups = rows.Groups!.Distinct().Count();
        Assert.InRange(parts[0].Count, (0.6 * groups) - 3, (0.6 * groups) + 6);
    }));

    [Fact]
    public void A_class_that_is_only_in_groups_of_another_class_is_still_learned()
    {
        // Class 1 has one image, in a group that class 0 stands for: wherever the group is drawn to, it goes to training.
        for (var seed = 0; seed < 30; seed++)
        {
            var split = StratifiedSplit.Create([0, 0, 0, 0, 0, 0, 1], new SplitPercentages(50, 25, 25), seed, [0, 1, 2, 3, 4, 5, 5]);
            Assert.Contains(5, split.Train);
            Assert.Contains(6, split.Train);
        }
    }

    [Fact]
    public void Groups_need_one_number_for_each_row()
    {
        var error = Assert.Throws<ArgumentException>(() => new LabeledFeatures(new FeatureMatrix([1, 2, 3], 3, 1), [0, 1, 0]) { Groups = [1, 2] });
        Assert.Contains("3 feature vectors but 2 groups", error.Message, StringComparison.Ordinal);
    }

    private static LabeledFeatures Rows(Random random, int count, bool groups)
    {
        var features = new FeatureMatrix([.. Enumerable.Range(0, count * 2).Select(_ => random.NextSingle())], count, 2);
        return new LabeledFeatures(features, [.. Enumerable.Range(0, count).Select(_ => random.Next(3))])
        {
            Groups = groups ? [.. Enumerable.Range(0, count).Select(_ => random.Next((count / 2) + 1))] : null,
        };
    }
}
