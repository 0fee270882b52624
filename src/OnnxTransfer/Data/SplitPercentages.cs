using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>The percentages of each class for training, validation and test; together 100.</summary>
public sealed record SplitPercentages
{
    /// <summary>Percentages of the three sets.</summary>
    /// <param name="train">Percent for training, more than 0.</param>
    /// <param name="validation">Percent for validation, at least 0.</param>
    /// <param name="test">Percent for test, at least 0.</param>
    /// <exception cref="ArgumentException">A number is out of range, or they do not add up to 100.</exception>
    public SplitPercentages(double train, double validation, double test)
    {
        (Train, Validation, Test) = (Require.Percent(train, nameof(train)), Require.Percent(validation, nameof(validation)), Require.Percent(test, nameof(test)));
        if (train == 0 || !(Math.Abs(train + validation + test - 100) <= 1e-6)) Throw.SplitNotUsable(ToString());
    }

    /// <summary>80/10/10.</summary>
    public static SplitPercentages Default { get; } = new(80, 10, 10);

    /// <summary>Percent for training.</summary>
    public double Train { get; }

    /// <summary>Percent for validation.</summary>
    public double Validation { get; }

    /// <summary>Percent for test.</summary>
    public double Test { get; }

    /// <summary>Reads <c>80/10/10</c>: training, validation and test in percent.</summary>
    /// <exception cref="ArgumentException">The text is not such a split.</exception>
    public static SplitPercentages Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('/');
        var numbers = new double[3];
        if (parts.Length != 3) Throw.SplitNotUsable(text);
        for (var i = 0; i < 3; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out numbers[i])
                || numbers[i] is not (>= 0 and <= 100))
                Throw.SplitNotUsable(text);
        }

        return new SplitPercentages(numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>For example <c>80/10/10</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Train}/{Validation}/{Test}");

    /// <summary>The share of every set that the data do not have; these sets keep their ratio.</summary>
    internal SplitPercentages Without(bool validation, bool test)
    {
        var (v, t) = (validation ? 0 : Validation, test ? 0 : Test);
        var sum = Train + v + t;
        var (newValidation, newTest) = (100 * v / sum, 100 * t / sum);
        return new SplitPercentages(100 - newValidation - newTest, newValidation, newTest);
    }
}
