namespace OnnxTransfer.TestSupport;

/// <summary>A fact about files that Windows does not have: pipes and devices among them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "needs pipes and devices in the file system";
    }
}

/// <summary>A fact about file names of any bytes, which macOS and Windows do not have.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = "needs a file system whose names are bytes";
    }
}
