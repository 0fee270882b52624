namespace OnnxTransfer.Tests.Architecture.Samples;

// Each of these uses a type of the folder Left in one way, and in no other.

internal sealed class ByBase : Used;

internal sealed class ByInterface : IUsed;

#pragma warning disable CS0649 // Nobody assigns it: that it is there is the use.
internal sealed class ByField
{
    internal UsedKind[]? Kinds;
}
#pragma warning restore CS0649

internal static class ByParameter
{
    internal static void Take(Used? _)
    {
    }
}

internal static class ByResult
{
    internal static IReadOnlyList<Used> Give() => null!;
}

internal static class ByCall
{
    internal static int Call() => Used.Number;
}

internal static class ByVar
{
    internal static string Call()
    {
        var made = Used.Make();
        return made.Message + made.Message;
    }
}

internal static class ByLambda
{
    internal static Func<int, int> Call() => number => number + Used.Number;
}

internal static class ByAwait
{
    internal static async Task<int> CallAsync()
    {
        await Task.Yield();
        return Used.Number;
    }
}

internal static class ByIterator
{
    internal static IEnumerable<int> Call()
    {
        yield return Used.Number;
    }
}

internal static class ByCatch
{
    internal static bool Call(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Used)
        {
            return false;
        }
    }
}

internal static class ByCast
{
    internal static bool Call(object value) => value is IUsed;
}

internal static class ByTypeArgument
{
    internal static int Call() => Array.Empty<UsedKind>().Length;
}

internal static class ByConstraint<T> where T : IUsed;

[Used]
internal static class ByAttribute;
