using System.Diagnostics;
using System.Net;
using OnnxTransfer.Cluster.Workers;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>A PostgreSQL server of the tests' own, on a free port of loopback, which lives as long as this object.</summary>
public sealed class Postgres : IDisposable
{
    private readonly string? _folder;
    private readonly int _port;
    private int _databases;

    public Postgres()
    {
        if (Obstacle is not null) return;
        _port = ClusterNetwork.Free(IPAddress.Loopback);
        _folder = Directory.CreateTempSubdirectory("onnxtransfer-pg-").FullName;
        if (Environment.UserName == "root") Shell("chown", "65534", _folder);
        Server("initdb", "-D", Data, "-U", "onnx", "-A", "trust", "-N");
        Start();
    }

    /// <summary>Null where a server can be started, else why not.</summary>
    internal static string? Obstacle { get; } =
        OperatingSystem.IsWindows() ? "needs the PostgreSQL of a Unix"
        : Bin() is null ? "needs PostgreSQL (apt-get install postgresql)"
        : Environment.UserName == "root" && !File.Exists("/usr/bin/setpriv") ? "needs setpriv, because PostgreSQL refuses root"
        : null;

    private string Data => Path.Combine(_folder!, "data");

    public void Dispose()
    {
        if (_folder is null) return;
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Makes a database and gives its address.</summary>
    internal string NewDatabase()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        Server("createdb", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "onnx", name);
        return $"postgres://onnx@127.0.0.1:{_port}/{name}";
    }

    internal void Start() => Server("pg_ctl", "-D", Data, "-o", $"-p {_port} -k {_folder} -h 127.0.0.1", "-l", Path.Combine(_folder!, "log"), "-w", "start");

    internal void Stop() => Server("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    private static string? Bin() =>
        Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb"))) : null;

    /// <summary>As an ordinary user: the server refuses root.</summary>
    private static void Server(string program, params string[] arguments)
    {
        var path = Path.Combine(Bin()!, program);
        if (Environment.UserName == "root") Shell("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", path, .. arguments]);
        else Shell(path, arguments);
    }

    private static void Shell(string program, params string[] arguments)
    {
        // The server keeps the descriptors of pg_ctl, so a pipe to it would not end.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = "/tmp" };
        foreach (var argument in (string[])["-c", "exec \"$@\" > /dev/null 2>&1 < /dev/null", "sh", program, .. arguments]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}

/// <summary>A fact that needs PostgreSQL, skipped by name where it cannot be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresFactAttribute : FactAttribute
{
    /// <param name="shared">A path in the folder 'shared' that it needs as well; null for none.</param>
    public PostgresFactAttribute(string? shared = null) =>
        Skip = shared is null || Path.Exists(Repository.SharedPath(shared)) ? Postgres.Obstacle : $"needs {shared} from the folder 'shared' beside the checkout";
}

[CollectionDefinition(Name)]
public sealed class PostgresTestGroup : ICollectionFixture<Postgres>
{
    internal const string Name = "PostgreSQL";
}
