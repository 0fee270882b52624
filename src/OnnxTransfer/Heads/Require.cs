using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>What the options' accessors hold.</summary>
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
}
