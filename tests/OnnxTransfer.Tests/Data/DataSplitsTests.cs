using OnnxTransfer.Data;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

/// <summary>The words for sets, the folders named after them, and the percentages.</summary>
public sealed class DataSplitsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DataSplit.Train, "train", "training", "TRAIN")]
    [InlineData(DataSplit.Validation, "val", "valid", "validation", "dev")]
    [InlineData(DataSplit.Test, "test", "testing", "Test")]
    public void Every_word_for_a_set_is_read(DataSplit split, params string[] words)
    {
        Assert.All(words, word => Assert.Equal(split, DataSplits.Parse(word)));
        Assert.Equal(split, DataSplits.Parse(DataSplits.Name(split)));
        Assert.Null(DataSplits.Parse(""));
    }

    [Theory]
    [InlineData(DataSplit.Auto, false)]
    [InlineData(DataSplit.Train, true)]
    [InlineData(DataSplit.Validation, true)]
    [InlineData(DataSplit.Test, true)]
    public void One_set_alone_counts_as_divided(DataSplit split, bool expected) =>
        Assert.Equal(expected, ImageDataset.FromItems([new LabeledImage("1.jpg", "a") { Split = split }]).HasSplits);

    [Theory]
    [InlineData("rose,train", "train/deep/1.jpg", "rose/1.jpg")]
    [InlineData("rose,test,train", "train/1.jpg", "test/deep/1.jpg", "rose/1.jpg")]
    public void Folders_that_are_not_all_sets_are_classes(string classes, params string[] files)
    {
        foreach (var file in files) File.WriteAllBytes(_folder.File(file.Split('/')), []);
        Assert.Equal(classes.Split(','), ImageDataset.FromFolder(_folder.Path).Classes);
    }

    [Fact]
    public void Descriptions_say_where_the_classes_and_sets_come_from()
    {
        foreach (var file in new[] { "plain/a/1.jpg", "plain/b/1.jpg", "sets/train/a/1.jpg", "sets/val/a/1.jpg", "named/a_1.jpg", "named/other.jpg", "plain/loose.jpg" }) File.WriteAllBytes(_folder.File(file.Split('/')), []);
        var plain = ImageDataset.FromFolder(_folder.File("plain"));
        Assert.Equal("the sub-folders are classes", plain.Description);
        Assert.Equal("The image is in no class folder.", Assert.Single(plain.Unused).Reason);
        Assert.Equal("the sub-folders are sets: train for training, val for validation", ImageDataset.FromFolder(_folder.File("sets")).Description);
        var named = ImageDataset.FromPattern(_folder.File("named"), "(?<label>[^/]+)_");
        Assert.Equal("classes by the pattern (?<label>[^/]+)_", named.Description);
        Assert.Equal("The pattern does not match the image's path.", Assert.Single(named.Unused).Reason);
        var items = ImageDataset.FromItems([new LabeledImage("1.jpg", "a"), new LabeledImage("2.jpg", "b")]);
        Assert.Equal(("items", "labeled images"), (items.Source, items.Description));
        Assert.Equal("labeled images; items for test", items.WithTest(items).Description);
    }

    [Fact]
    public void Classes_that_differ_are_listed_for_the_side_that_lacks_them()
    {
        Assert.Equal("The classes of 'A' and 'B' differ: 'B' lacks 'x'; both must have the same classes.", Assert.Throws<DatasetException>(() => Throw.ClassesDiffer("A", "B", ["x"], [])).Message);
        Assert.Equal("The classes of 'A' and 'B' differ: 'A' lacks 'y'; both must have the same classes.", Assert.Throws<DatasetException>(() => Throw.ClassesDiffer("A", "B", [], ["y"])).Message);
        Assert.Equal("The classes of 'A' and 'B' differ: 'B' lacks 'x', and 'A' lacks 'y'; both must have the same classes.", Assert.Throws<DatasetException>(() => Throw.ClassesDiffer("A", "B", ["x"], ["y"])).Message);
    }

    [Theory]
    [InlineData("image")]
    [InlineData("label")]
    [InlineData("split")]
    [InlineData("weight")]
    public void A_folder_takes_no_column_of_any_kind(string column)
    {
        string? Named(string name) => name == column ? "x" : null;
        Assert.Contains("has no columns", Assert.Throws<ArgumentException>(() => ImageDataset.Open(_folder.Path, Named("image"), Named("label"), Named("split"), Named("weight"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => ImageDataset.Open(null!));
    }

    [Theory]
    [InlineData(false, false, 60, 30, 10)]
    [InlineData(true, false, 600.0 / 7, 0, 100.0 / 7)]
    [InlineData(false, true, 600.0 / 9, 300.0 / 9, 0)]
    [InlineData(true, true, 100, 0, 0)]
    public void Sets_that_are_there_already_leave_the_ratio_of_the_others(bool validation, bool test, double train, double newValidation, double newTest)
    {
        var without = new SplitPercentages(60, 30, 10).Without(validation, test);
        Assert.Equal([train, newValidation, newTest], [without.Train, without.Validation, without.Test], (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void Too_large_a_percentage_in_a_text_is_named_with_the_text() =>
        Assert.Contains("The split '101/0/0' cannot be used", Assert.Throws<ArgumentException>(() => SplitPercentages.Parse("101/0/0")).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_class_is_shuffled_on_its_own()
    {
        var split = StratifiedSplit.Create([.. Enumerable.Repeat(0, 40), .. Enumerable.Repeat(1, 40)], new SplitPercentages(50, 25, 25), 3);
        Assert.NotEqual(split.Train.Where(i => i < 40), split.Train.Where(i => i >= 40).Select(i => i - 40));
    }

    [Fact]
    public void Parts_are_ascending_where_classes_alternate()
    {
        var split = StratifiedSplit.Create([.. Enumerable.Range(0, 60).Select(i => i % 3)], new SplitPercentages(50, 25, 25), 3);
        foreach (var part in new[] { split.Train, split.Validation, split.Test }) Assert.Equal(part.Order(), part);
    }

    [Theory]
    [InlineData(3, 70, 20, 10, 2, 1, 0)]
    [InlineData(2, 10, 45, 45, 1, 0, 1)]
    [InlineData(2, 10, 30, 60, 1, 0, 1)]
    public void What_is_left_goes_to_the_largest_remainder_and_training_gets_one(int images, double train, double validation, double test, int inTrain, int inValidation, int inTest)
    {
        var split = StratifiedSplit.Create(new int[images], new SplitPercentages(train, validation, test), 1);
        Assert.Equal((inTrain, inValidation, inTest), (split.Train.Count, split.Validation.Count, split.Test.Count));
    }
}
