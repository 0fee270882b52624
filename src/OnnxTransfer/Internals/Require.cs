using System.Numerics;

namespace OnnxTransfer.Internals;

/// <summary>Checks of options where they are set: each returns what it was given, or throws a sentence with the name, the value and the range.</summary>
internal static class Require
{
    /// <summary>More threads than any machine has cores; a larger number is a mistake that would only exhaust the machine.</summary>
    internal const int MostThreads = 1024;

    /// <summary>The largest side of an image for a network, in pixels.</summary>
    internal const int LargestSide = 16384;

    /// <summary>A count of threads, where 0 stands for one for each core that the process may use.</summary>
    internal static int Threads(int value, string name)
    {
        if (value is < 0 or > MostThreads) Throw.OptionOutOfRange(name, value, $"from 0 to {MostThreads}, where 0 means one thread for each core that the process may use");
        return value;
    }

    /// <summary>A width, height or edge in pixels.</summary>
    internal static int Side(int value, string name)
    {
        if (value is < 1 or > LargestSide) Throw.OptionOutOfRange(name, value, $"from 1 to {LargestSide} pixels");
        return value;
    }

    internal static TNumber Positive<TNumber>(TNumber value, string name)
        where TNumber : IBinaryInteger<TNumber>
    {
        if (value < TNumber.One) Throw.OptionOutOfRange(name, value, "at least 1");
        return value;
    }

    internal static int AtLeastTwo(int value, string name)
    {
        if (value < 2) Throw.OptionOutOfRange(name, value, "at least 2");
        return value;
    }

    internal static double Positive(double value, string name)
    {
        if (!(value > 0 && double.IsFinite(value))) Throw.OptionOutOfRange(name, value, "a finite number greater than 0");
        return value;
    }

    internal static TimeSpan Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero) Throw.OptionOutOfRange(name, value, "longer than 0");
        return value;
    }

    /// <summary>A time limit of one run of a network.</summary>
    internal static TimeSpan RunTime(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1)) Throw.OptionOutOfRange(name, value, "longer than 0 and at most one day");
        return value;
    }

    internal static int NotNegative(int value, string name)
    {
        if (value < 0) Throw.OptionOutOfRange(name, value, "at least 0");
        return value;
    }

    internal static double NotNegative(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value))) Throw.OptionOutOfRange(name, value, "a finite number of at least 0");
        return value;
    }

    internal static float NotNegative(float value, string name)
    {
        if (!(value >= 0 && float.IsFinite(value))) Throw.OptionOutOfRange(name, value, "a finite number of at least 0");
        return value;
    }

    internal static double Percent(double value, string name)
    {
        if (!(value is >= 0 and <= 100)) Throw.OptionOutOfRange(name, value, "from 0 to 100 percent");
        return value;
    }

    internal static double Finite(double value, string name)
    {
        if (!double.IsFinite(value)) Throw.OptionOutOfRange(name, value, "a finite number");
        return value;
    }

    internal static double NotZero(double value, string name)
    {
        if (!double.IsFinite(value) || value == 0) Throw.OptionOutOfRange(name, value, "a finite number other than 0");
        return value;
    }

    internal static double Fraction(double value, string name)
    {
        if (!(value is >= 0 and < 1)) Throw.OptionOutOfRange(name, value, "in [0, 1)");
        return value;
    }

    internal static double Share(double value, string name)
    {
        if (!(value is >= 0 and <= 1)) Throw.OptionOutOfRange(name, value, "a share from 0 (none) to 1 (all), for example 0.05");
        return value;
    }

    internal static double Probability(double value, string name)
    {
        if (!(value is >= 0 and <= 1)) Throw.OptionOutOfRange(name, value, "a probability from 0 to 1, for example 0.7");
        return value;
    }

    internal static TEnum Defined<TEnum>(TEnum value, string name)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value)) Throw.OptionOutOfRange(name, value, $"one of {string.Join(", ", Enum.GetNames<TEnum>())}");
        return value;
    }

    internal static TValue NotNull<TValue>(TValue? value, string name)
        where TValue : class
    {
        if (value is null) Throw.OptionNull(name);
        return value;
    }

    /// <summary>A copy of the list, which compares by its elements.</summary>
    internal static IReadOnlyList<TValue> NoneNull<TValue>(IReadOnlyList<TValue>? values, string name)
        where TValue : class => All(values, name, NotNull);

    /// <summary>A copy of the names, which compares by its elements.</summary>
    internal static IReadOnlyList<string> Names(IReadOnlyList<string>? values, string name) => All(values, name, Name);

    /// <summary>One of the names that exist.</summary>
    internal static string OneOf(string value, IReadOnlyList<string> known, string name)
    {
        if (!known.Contains(value)) Throw.OptionOutOfRange(name, $"'{value}'", $"one of {string.Join(", ", known)}");
        return value;
    }

    /// <summary>A copy of the list, each of whose elements a check has seen; it compares by its elements.</summary>
    internal static IReadOnlyList<TValue> All<TValue>(IReadOnlyList<TValue>? values, string name, Func<TValue, string, TValue> check) =>
        EquatableList.Of([.. NotNull(values, name).Select((value, i) => check(value, $"{name}[{i}]"))]);

    /// <summary>Three numbers, one for each channel of a tensor.</summary>
    internal static IReadOnlyList<double> Channels(IReadOnlyList<double>? values, string name, Func<double, string, double> check)
    {
        if (NotNull(values, name).Count != 3) Throw.ChannelValuesWrong(name, values!.Count);
        return All(values, name, check);
    }

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

    /// <summary>A text that is not empty.</summary>
    internal static string Name(string value, string name)
    {
        if (string.IsNullOrWhiteSpace(value)) Throw.OptionEmpty(name);
        return value;
    }
}
