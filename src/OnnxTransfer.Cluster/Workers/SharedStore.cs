using OnnxTransfer.Internals;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>The folder that all machines of a cluster share. Each machine may have it under another path, so jobs name what is in it relative to it.</summary>
internal sealed class SharedStore
{
    private readonly string _full;

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    internal SharedStore(string path)
    {
        if (!Directory.Exists(path)) throw ClusterErrors.StoreNotFound(path);
        _full = System.IO.Path.GetFullPath(path);
    }

    internal string Path => _full;

    /// <summary>The path relative to the store, with '/'; null where it is not in the store.</summary>
    internal string? Relative(string path) => PathBelow.Of(_full, path);

    /// <summary>The path on this machine of what a job names.</summary>
    /// <exception cref="InvalidDataException">It is outside the store, or a link leads out of it.</exception>
    internal string Resolve(string relative)
    {
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(_full, relative));
        return Relative(path) is null || PathBelow.Of(RealPath.Of(_full), RealPath.Of(path)) is null ? throw ClusterErrors.OutsideStore(relative) : path;
    }
}
