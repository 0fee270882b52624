using System.Reflection;

namespace OnnxTransfer.Cluster;

/// <summary>The version of this tool. Two versions may compute different numbers, so a job has one.</summary>
internal static class ToolVersion
{
    internal static string Text { get; } = typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
