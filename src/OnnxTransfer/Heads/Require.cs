using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>Checks of options and labels.</summary>
internal static class Require
{
    internal static int Positive(int value, string name)
    {
        if (value <= 0) Throw.OptionOutOfRange(name, value, "at least 1");
        return value;
    }

    internal static double Positive(double value, string name)
    {
        if (!(value > 0 && double.IsFinite(value))) Throw.OptionOutOfRange(name, value, "a finite number greater than 0");
        return value;
    }

    internal static double NotNegative(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value))) Throw.OptionOutOfRange(name, value, "a finite number of at least 0");
        return value;
    }

    internal static double Fraction(double value, string name)
    {
        if (!(value is >= 0 and < 1)) Throw.OptionOutOfRange(name, value, "in [0, 1)");
        return value;
    }

    internal static TValue NotNull<TValue>(TValue? value, string name)
        where TValue : class
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    internal static IReadOnlyList<int> AllPositive(IReadOnlyList<int>? values, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        return EquatableList.Of([.. values.Select((value, i) => Positive(value, $"{name}[{i}]"))]);
    }

    internal static IReadOnlyList<double>? AllNotNegative(IReadOnlyList<double>? values, string name) =>
        values is null ? null : EquatableList.Of([.. values.Select((value, i) => NotNegative(value, $"{name}[{i}]"))]);

    /// <summary>A copy of the labels: one for each class, none empty, no two the same.</summary>
    internal static string[] Labels(IReadOnlyList<string> labels, int classCount)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count != classCount) Throw.LabelsDoNotMatchClasses(labels.Count, classCount);
        string[] names = [.. labels];
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(names[i])) Throw.LabelEmpty(i);
            if (!first.TryAdd(names[i], i)) Throw.LabelTwice(names[i], first[names[i]], i);
        }

        return names;
    }
}
