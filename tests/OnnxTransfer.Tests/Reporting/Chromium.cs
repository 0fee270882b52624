using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Reporting;

/// <summary>A fact that needs a browser: skipped by name where none is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (Chromium.Path is null) Skip = "needs Chromium (the program 'chromium', 'chromium-browser' or 'google-chrome')";
    }
}

/// <summary>A theory that needs a browser: skipped by name where none is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public ChromiumTheoryAttribute() => Skip = new ChromiumFactAttribute().Skip;
}

/// <summary>A headless Chromium, spoken to by the DevTools protocol.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly TempFolder _profile = new();
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _timeout = new(s_patience);
    private int _lastId;

    private Chromium(Process process) => _process = process;

    public static string? Path { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator).Select(folder => System.IO.Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>What the page wrote to the console, threw, or was refused, in order.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Opens a page and waits until it has loaded.</summary>
    public static async Task<Chromium> OpenAsync(string file)
    {
        var start = new ProcessStartInfo(Path!) { RedirectStandardError = true, RedirectStandardOutput = true };
        var browser = new Chromium(new Process { StartInfo = start });
        foreach (var flag in new[] { "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "remote-debugging-port=0", $"user-data-dir={browser._profile.Path}" })
            start.ArgumentList.Add("--" + flag);
        start.ArgumentList.Add("about:blank");
        browser._process.Start();
        await browser.ConnectAsync();
        await browser.SendAsync("Runtime.enable");
        await browser.SendAsync("Log.enable");
        await browser.SendAsync("Page.enable");
        await browser.SendAsync("Page.navigate", new { url = new Uri(file).AbsoluteUri });
        await browser.WaitForAsync("Page.loadEventFired");
        return browser;
    }

    /// <summary>Lays the page out for a window of another width, in light or dark colors.</summary>
    public async Task ShowAsync(int width, bool dark = false)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride", new { width, height = 900, deviceScaleFactor = 1, mobile = false });
        await SendAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
    }

    /// <summary>The value of a JavaScript expression.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        Assert.False(answer.TryGetProperty("exceptionDetails", out var problem), problem.ToString());
        return answer.GetProperty("result").GetProperty("value");
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _timeout.Dispose();
        _profile.Dispose();
    }

    private async Task ConnectAsync()
    {
        var port = "";
        while (port.Length == 0)
        {
            // "DevTools listening on ws://127.0.0.1:PORT/devtools/browser/ID"
            var line = await _process.StandardError.ReadLineAsync(_timeout.Token);
            Assert.NotNull(line);
            if (line.Contains("DevTools listening", StringComparison.Ordinal)) port = line.Split(':')[2].Split('/')[0];
        }

        _ = _process.StandardError.ReadToEndAsync(_timeout.Token);
        using var http = new HttpClient();
        using var targets = JsonDocument.Parse(await http.GetStringAsync($"http://127.0.0.1:{port}/json/list", _timeout.Token));
        var page = targets.RootElement.EnumerateArray().First(target => target.GetProperty("type").GetString() == "page");
        await _socket.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), _timeout.Token);
    }

    private async Task<JsonElement> SendAsync(string method, object? parameters = null)
    {
        var id = ++_lastId;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters ?? new { } }), WebSocketMessageType.Text, true, _timeout.Token);
        while (true)
        {
            var message = await ReceiveAsync();
            if (message.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
                return message.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException($"{method}: {message}");
        }
    }

    private async Task WaitForAsync(string method)
    {
        while (true)
        {
            var message = await ReceiveAsync();
            if (message.TryGetProperty("method", out var name) && name.GetString() == method) return;
        }
    }

    private async Task<JsonElement> ReceiveAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), _timeout.Token);
            bytes.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        var message = JsonDocument.Parse(bytes.ToArray()).RootElement;
        if (message.TryGetProperty("method", out var method) && method.GetString() is "Runtime.exceptionThrown" or "Runtime.consoleAPICalled" or "Log.entryAdded")
            Complaints.Add(message.ToString());
        return message;
    }
}
