namespace OnnxTransfer.Tests.Internals;

/// <summary>The parts that messages share: lists that are cut, and known names with the nearest first.</summary>
public sealed class MessagePartsTests
{
    [Theory]
    [InlineData(1, "'n1'")]
    [InlineData(8, "'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'")]
    [InlineData(9, "'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8' and 1 more")]
    public void At_most_eight_classes_are_listed_in_order(int count, string expected)
    {
        string[] names = [.. Enumerable.Range(1, count).Select(i => $"n{i}").Reverse()];
        var error = Assert.Throws<DatasetException>(() => Throw.ClassesDiffer("A", "B", names, []));
        Assert.Equal($"The classes of 'A' and 'B' differ: 'B' lacks {expected}; both must have the same classes.", error.Message);
    }

    [Theory]
    [InlineData("resnet19", "resnet18, resnet50, mobilenet")]
    [InlineData("RESNET50", "resnet50, resnet18, mobilenet")]
    [InlineData("mobile", "mobilenet, resnet18, resnet50")]
    [InlineData("NET", "resnet18, resnet50, mobilenet")]
    public void Known_names_begin_with_the_nearest(string wanted, string expected) =>
        Assert.Equal(expected, Throw.Known(wanted, ["mobilenet", "resnet50", "resnet18"]));

    [Theory]
    [InlineData("ab", "ac, xxab")]
    [InlineData("ABC", "xxxxabc, abd")]
    public void A_part_of_a_name_comes_first_if_it_has_three_characters(string wanted, string expected) =>
        Assert.Equal(expected, Throw.Known(wanted, expected.Split(", ").Reverse()));

    [Fact]
    public void Known_names_of_one_distance_are_in_ordinal_order() => Assert.Equal("A, b, c", Throw.Known("x", ["c", "A", "b"]));

    [Fact]
    public void Known_names_are_cut_after_the_most()
    {
        Assert.Equal("a, b", Throw.Known("x", ["a", "b"], 2));
        Assert.Equal("a, b and 1 more", Throw.Known("x", ["a", "b", "c"], 2));
    }

    [Fact]
    public void Names_are_ordered_by_the_edit_distance()
    {
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var wanted = Word(2);
            string[] names = [.. Enumerable.Range(0, 6).Select(_ => Word(6)).Distinct()];
            var expected = names.OrderBy(name => Distance(wanted, name)).ThenBy(name => name, StringComparer.Ordinal);
            Assert.Equal(string.Join(", ", expected), Throw.Known(wanted, names));
            // A name that is no part of another one is compared at any length.
            var longer = "q" + Word(5);
            expected = names.OrderBy(name => Distance(longer, name)).ThenBy(name => name, StringComparer.Ordinal);
            Assert.Equal(string.Join(", ", expected), Throw.Known(longer, names));
        }

        string Word(int most) => string.Concat(Enumerable.Range(0, random.Next(most + 1)).Select(_ => (char)('a' + random.Next(3))));
    }

    [Theory]
    [InlineData("trian", "train")]
    [InlineData("TRAIN", "train")]
    [InlineData("trai", "train")]
    [InlineData("t", null)]
    [InlineData("tuna", null)]
    [InlineData("--otu", "--out")]
    [InlineData("--optimiser", "--optimizer")]
    [InlineData("--optimmmmm", null)]
    [InlineData("eval", null)]
    public void A_mistyped_name_means_the_nearest_within_a_third_of_its_letters(string typed, string? meant) =>
        Assert.Equal(meant, Throw.Meant(typed, ["evaluate", "train", "--out", "--optimizer"]));

    [Fact]
    public void Without_names_nothing_is_meant() => Assert.Null(Throw.Meant("train", []));

    /// <summary>The definition of Levenshtein's distance, in which two neighbors that changed places count once, without its table.</summary>
    private static int Distance(string a, string b) =>
        a.Length == 0 ? b.Length
        : b.Length == 0 ? a.Length
        : a[0] == b[0] ? Distance(a[1..], b[1..])
        : 1 + new[] { Distance(a[1..], b[1..]), Distance(a[1..], b), Distance(a, b[1..]), IsSwapped(a, b) ? Distance(a[2..], b[2..]) : int.MaxValue - 1 }.Min();

    private static bool IsSwapped(string a, string b) => a.Length > 1 && b.Length > 1 && a[0] == b[1] && a[1] == b[0];
}
