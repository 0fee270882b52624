namespace OnnxTransfer.Cli.Tests;

/// <summary>A theory that reads what glibc's dynamic linker writes: skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier.StartsWith("linux-x64", StringComparison.Ordinal)) Skip = "needs glibc's dynamic linker";
    }
}
