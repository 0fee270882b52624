using System.Diagnostics;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Backbones.Folders;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Downloads of processes of their own: what their environment says about proxies, and two that want the same file.</summary>
public sealed class DownloadsTests : IDisposable
{
    /// <summary>A name that no server has: whoever asks it without the proxy gets nothing.</summary>
    private const string Hub = "hub.invalid";

    private readonly TempFolder _folder = new();
    private readonly HostileServer _server;
    private readonly byte[] _content;

    public DownloadsTests()
    {
        var model = _folder.File("model.onnx");
        FolderNetwork.Write(model);
        _content = File.ReadAllBytes(model);
        _server = new HostileServer(_content);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("HTTP_PROXY", null, true)]
    [InlineData("http_proxy", null, true)]
    [InlineData("ALL_PROXY", null, true)]
    [InlineData("HTTP_PROXY", Hub, false)]
    [InlineData("HTTP_PROXY", "elsewhere.invalid", true)]
    [InlineData("HTTPS_PROXY", null, false)]
    public async Task Plain_downloads_go_through_the_proxy_that_the_environment_names(string variable, string? except, bool isUsed)
    {
        var result = await PullAsync($"http://{Hub}/", _folder.File("cache"), (variable, _server.Address.ToString()), ("NO_PROXY", except));
        if (!isUsed)
        {
            Assert.Empty(_server.Requests);
            Assert.True(result.ExitCode == 1, result.Error);
            Assert.Contains(Hub, result.Error, StringComparison.Ordinal);
            return;
        }

        Assert.True(result.ExitCode == 0, result.Error);
        // A proxy is told the whole address.
        Assert.All(_server.Requests, line => Assert.Contains($" http://{Hub}/acme/screws/", line, StringComparison.Ordinal));
        Assert.Equal(1, _server.Given);
    }

    [Theory]
    [InlineData("HTTPS_PROXY", null, true)]
    [InlineData("https_proxy", null, true)]
    [InlineData("HTTPS_PROXY", Hub, false)]
    [InlineData("HTTP_PROXY", null, false)]
    public async Task Encrypted_downloads_ask_the_proxy_for_a_tunnel(string variable, string? except, bool isUsed)
    {
        _server.Give = (stream, _, _) => HostileServer.AnswerAsync(stream, "403 Forbidden", []);
        var result = await PullAsync($"https://{Hub}/", _folder.File("cache"), (variable, _server.Address.ToString()), ("NO_PROXY", except));
        Assert.True(result.ExitCode == 1, result.Error);
        Assert.Contains("proxy", result.Error, StringComparison.OrdinalIgnoreCase);
        if (isUsed) Assert.All(_server.Requests, line => Assert.StartsWith($"CONNECT {Hub}:443 ", line, StringComparison.Ordinal));
        Assert.Equal(isUsed, !_server.Requests.IsEmpty);
    }

    [Fact]
    public async Task Two_processes_that_want_the_same_file_download_it_once()
    {
        var (cache, half) = (_folder.File("cache"), _content.Length / 2);
        _server.Give = async (stream, from, request) =>
        {
            // Half of it, and the rest when both processes have asked for the file or would have long ago.
            if (from > 0 || request > 1)
            {
                await _server.HonestAsync(stream, from, request);
                return;
            }

            await HostileServer.HeadAsync(stream, "200 OK", $"Content-Length: {_content.Length}");
            await stream.WriteAsync(_content.AsMemory(0, half));
            await stream.FlushAsync();
            for (var i = 0; i < 100 && _server.Requests.Count(line => line.StartsWith("HEAD ", StringComparison.Ordinal) && line.Contains(".onnx", StringComparison.Ordinal)) < 2; i++) await Task.Delay(100);
            await Task.Delay(500);
            await stream.WriteAsync(_content.AsMemory(half));
        };
        var both = await Task.WhenAll(PullAsync(_server.Address.ToString(), cache), PullAsync(_server.Address.ToString(), cache));
        Assert.All(both, result => Assert.True(result.ExitCode == 0, result.Error));
        Assert.Equal(1, _server.Given);
        var blobs = Directory.GetFiles(cache, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path) is { LinkTarget: null, Length: > 0 } && !path.Contains("refs", StringComparison.Ordinal)).ToList();
        Assert.Contains(blobs, path => File.ReadAllBytes(path).AsSpan().SequenceEqual(_content));
        Assert.DoesNotContain(blobs, path => path.EndsWith(".incomplete", StringComparison.Ordinal));
    }

    private async Task<CliResult> PullAsync(string hub, string cache, params (string Name, string? Value)[] environment)
    {
        var start = Cli.Command(["models", "pull", "hf:acme/screws/model.onnx"]);
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY" })
        {
            start.Environment.Remove(name);
            start.Environment.Remove(name.ToLowerInvariant());
        }

        start.Environment.Remove("ONNXTRANSFER_OFFLINE");
        start.Environment.Remove("HF_HUB_OFFLINE");
        start.Environment["ONNXTRANSFER_HOME"] = _folder.File("home");
        start.Environment["HF_HUB_CACHE"] = cache;
        start.Environment["HF_ENDPOINT"] = hub;
        foreach (var (name, value) in environment.Where(one => one.Value is not null)) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CliResult(process.ExitCode, output, await error);
    }
}
