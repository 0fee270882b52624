using System.Reflection;

namespace OnnxTransfer.TestSupport;

/// <summary>Where the checkout is, and the folder of real models and photos that developers and CI have beside it.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The folder <c>shared</c> beside the checkout; a user's machine does not have it.</summary>
    public static string Shared { get; } = Environment.GetEnvironmentVariable("ONNXTRANSFER_SHARED")
        ?? Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string SharedPath(params string[] parts) => Path.Combine([Shared, .. parts]);
}

/// <summary>A fact that needs a file from the shared folder: skipped by name where that folder is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    /// <param name="path">The file, in the folder.</param>
    /// <param name="onLinuxAlone">Why it also needs Linux; null if it does not.</param>
    public SharedFactAttribute(string path, string? onLinuxAlone = null)
    {
        if (onLinuxAlone is not null && !OperatingSystem.IsLinux()) Skip = onLinuxAlone;
        if (!Path.Exists(Repository.SharedPath(path))) Skip = $"needs {path} from the folder 'shared' beside the checkout";
    }
}

/// <summary>A theory that needs a file from the shared folder: skipped by name where that folder is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string path)
    {
        if (!Path.Exists(Repository.SharedPath(path))) Skip = $"needs {path} from the folder 'shared' beside the checkout";
    }
}
