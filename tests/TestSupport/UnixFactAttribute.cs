namespace OnnxTransfer.TestSupport;

/// <summary>A fact about what Windows does not have: pipes and devices in the file system, HOME and TMPDIR in the environment.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "is about the file system and environment of Unix";
    }
}

/// <summary>A fact about what only Linux has: file names of any bytes, and the peak of a process's memory in /proc.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute(string reason = "needs a file system whose names are bytes")
    {
        if (!OperatingSystem.IsLinux()) Skip = reason;
    }
}

/// <summary>A theory about what Windows does not have: the shell that the pages are written for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "is about the file system and environment of Unix";
    }
}
