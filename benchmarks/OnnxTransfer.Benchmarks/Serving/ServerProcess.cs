using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OnnxTransfer.Benchmarks.Serving;

/// <summary>A web service in a process of its own, on a free port of this machine.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _log = [];

    private ServerProcess(string program, IEnumerable<string> arguments)
    {
        Port = FreePort();
        Client = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}")), Timeout = TimeSpan.FromMinutes(1) };
        var start = new ProcessStartInfo(program, [.. arguments, "--urls", Client.BaseAddress.ToString(), "--Logging:LogLevel:Default", "Warning"])
        {
            WorkingDirectory = Path.GetDirectoryName(program),
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        _process.OutputDataReceived += (_, line) =>
        {
            lock (_log) if (line.Data is { } text) _log.Add(text);
        };
        _process.BeginOutputReadLine();
    }

    internal int Port { get; }

    internal HttpClient Client { get; }

    /// <summary>Starts a service and waits until it is ready.</summary>
    internal static async Task<ServerProcess> StartAsync(string program, params string[] arguments)
    {
        var server = new ServerProcess(program, arguments);
        for (var tries = 0; !await server.IsReadyAsync(); tries++)
        {
            if (tries == 600 || server._process.HasExited) throw new InvalidOperationException($"{program} did not become ready. {server.Log()}");
            await Task.Delay(100);
        }

        return server;
    }

    internal async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Client.GetAsync("/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The most memory that the process has held so far, in MB; 0 where the system does not say.</summary>
    internal int PeakMemory()
    {
        // PeakWorkingSet64 is 0 on Linux.
        var status = $"/proc/{_process.Id}/status";
        var line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(one => one.StartsWith("VmHWM:", StringComparison.Ordinal)) : null;
        return line is null ? 0 : int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>The warnings and errors that it has logged.</summary>
    internal string Log()
    {
        lock (_log) return string.Join('\n', _log);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Client.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
