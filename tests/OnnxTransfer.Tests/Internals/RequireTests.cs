using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

/// <summary>Every check at both sides of each of its limits.</summary>
public sealed class RequireTests
{
    public static TheoryData<string, double[], double[]> Limits => new()
    {
        { "Threads", [0, 1, 1024], [-1, 1025] },
        { "Side", [1, 16384], [0, -1, 16385] },
        { "PositiveInteger", [1, 2, int.MaxValue], [0, -1] },
        { "Positive", [double.Epsilon, 1, double.MaxValue], [0, -1, double.NaN, double.PositiveInfinity] },
        { "PositiveTime", [1, 2], [0, -1] },
        { "RunTime", [1, TimeSpan.TicksPerDay], [0, -1, TimeSpan.TicksPerDay + 1] },
        { "NotNegativeInteger", [0, 1], [-1] },
        { "NotNegative", [0, 1, double.MaxValue], [-double.Epsilon, double.NaN, double.PositiveInfinity] },
        { "NotNegativeFloat", [0, 1, float.MaxValue], [-1, double.NaN, double.PositiveInfinity] },
        { "AtLeastTwo", [2, 5, int.MaxValue], [1, 0, -1] },
        { "Percent", [0, 50, 100], [-0.001, 100.001, double.NaN] },
        { "Finite", [-1, 0, double.MaxValue], [double.NaN, double.PositiveInfinity, double.NegativeInfinity] },
        { "NotZero", [-1, double.Epsilon], [0, double.NaN, double.PositiveInfinity] },
        { "Fraction", [0, 0.5, 0.999], [-0.001, 1, double.NaN] },
        { "Share", [0, 0.5, 1], [-0.001, 1.001, double.NaN] },
        { "Probability", [0, 0.7, 1], [-0.001, 1.001, double.NaN] },
        { "Defined", [0, 6], [-1, 7] },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void Numbers_inside_of_the_limits_pass_and_others_are_named(string check, double[] right, double[] wrong)
    {
        Assert.All(right, value => Assert.Equal(value, Check(check, value)));
        Assert.All(wrong, value =>
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => Check(check, value));
            Assert.Equal("Option", error.ParamName);
            Assert.Matches(@"^Option is .+, but must be .+\.", error.Message);
        });
    }

    [Fact]
    public void The_table_names_every_check_of_a_number()
    {
        var methods = typeof(Require).GetMethods(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)
            .Where(method => method.Name is not ("NotNull" or "Name" or "NoneNull" or "Names" or "OneOf" or "All" or "Channels" or "Labels" or "Named") && !method.Name.StartsWith('<'));
        Assert.Equal(methods.Count(), Limits.Count);
    }

    [Fact]
    public void A_missing_value_is_named()
    {
        Assert.Equal("Option", Assert.Throws<ArgumentNullException>(() => Require.NotNull<string>(null, "Option")).ParamName);
        Assert.Equal("Option", Assert.Throws<ArgumentNullException>(() => Require.NoneNull<string>(null, "Option")).ParamName);
        Assert.Equal("Option[1]", Assert.Throws<ArgumentNullException>(() => Require.NoneNull(["a", null!], "Option")).ParamName);
        Assert.Equal("a", Require.NotNull("a", "Option"));
        Assert.Equal(["a", "b"], Require.NoneNull(["a", "b"], "Option"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void An_empty_name_is_named_by_its_place(string? name)
    {
        Assert.Equal("Option[1]", Assert.Throws<ArgumentException>(() => Require.Names(["a", name!], "Option")).ParamName);
        Assert.Equal(["a", "b"], Require.Names(["a", "b"], "Option"));
    }

    [Fact]
    public void One_of_the_known_names_passes()
    {
        Assert.Equal("b", Require.OneOf("b", ["a", "b"], "Option"));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Require.OneOf("c", ["a", "b"], "Option"));
        Assert.Contains("Option is 'c', but must be one of a, b.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Channels_are_three_and_each_is_checked()
    {
        Assert.Equal([1, 2, 3], Require.Channels([1, 2, 3], "Option", Require.Positive));
        Assert.Contains("2 numbers", Assert.Throws<ArgumentException>(() => Require.Channels([1, 2], "Option", Require.Positive)).Message, StringComparison.Ordinal);
        Assert.Equal("Option[2]", Assert.Throws<ArgumentOutOfRangeException>(() => Require.Channels([1, 2, 0], "Option", Require.Positive)).ParamName);
        Assert.Equal("Option", Assert.Throws<ArgumentNullException>(() => Require.Channels(null, "Option", Require.Positive)).ParamName);
    }

    [Fact]
    public void Labels_are_copied()
    {
        string[] source = ["a", "b"];
        var labels = Require.Labels(source, 2);
        source[0] = "c";
        Assert.Equal(["a", "b"], labels);
    }

    [Theory]
    [InlineData(3, "has 3 classes, but there are 2 labels", "a", "b")]
    [InlineData(2, "has 2 classes, but there is 1 label:", "a")]
    [InlineData(2, "Label 1 is empty", "a", "")]
    [InlineData(2, "Label 1 is empty", "a", " ")]
    [InlineData(2, "Label 0 is empty", null, "a")]
    [InlineData(3, "labels 0 and 2 are both 'a'", "a", "b", "a")]
    public void Labels_that_do_not_fit_the_classes_are_refused(int classes, string expected, params string?[] labels) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => Require.Labels(labels!, classes)).Message, StringComparison.Ordinal);

    private static double Check(string check, double value) => check switch
    {
        "Threads" => Require.Threads((int)value, "Option"),
        "Side" => Require.Side((int)value, "Option"),
        "PositiveInteger" => Require.Positive((int)value, "Option"),
        "Positive" => Require.Positive(value, "Option"),
        "RunTime" => Require.RunTime(TimeSpan.FromTicks((long)value), "Option").Ticks,
        "PositiveTime" => Require.Positive(TimeSpan.FromTicks((long)value), "Option").Ticks,
        "NotNegativeInteger" => Require.NotNegative((int)value, "Option"),
        "NotNegative" => Require.NotNegative(value, "Option"),
        "NotNegativeFloat" => Require.NotNegative((float)value, "Option"),
        "AtLeastTwo" => Require.AtLeastTwo((int)value, "Option"),
        "Percent" => Require.Percent(value, "Option"),
        "Finite" => Require.Finite(value, "Option"),
        "NotZero" => Require.NotZero(value, "Option"),
        "Fraction" => Require.Fraction(value, "Option"),
        "Share" => Require.Share(value, "Option"),
        "Probability" => Require.Probability(value, "Option"),
        _ => (int)Require.Defined((DayOfWeek)(int)value, "Option"),
    };
}
