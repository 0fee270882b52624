namespace OnnxTransfer.Tests.Architecture.Samples;

/// <summary>What the types of the folder <c>Right</c> use, in the same namespace: no <c>using</c> line shows it.</summary>
internal class Used : Exception
{
    internal static int Number => 1;

    internal static Used Make() => new();
}

internal enum UsedKind
{
    None,
}

internal interface IUsed;

[AttributeUsage(AttributeTargets.All)]
internal sealed class UsedAttribute : Attribute;
