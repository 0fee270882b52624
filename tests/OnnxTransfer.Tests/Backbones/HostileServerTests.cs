using System.Globalization;
using System.IO.Compression;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Backbones.Hub;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Backbones.Folders;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>
/// Everything that a server, a proxy or an attacker can do to a download, from the catalog and from the hub: the right bytes come, or one
/// sentence and no file that could be taken for the model; and then an honest server is enough.
/// </summary>
public sealed class HostileServerTests : IDisposable
{
    private const string Catalog = "catalog";
    private const string FromHub = "hub";

    private readonly TempFolder _folder = new();
    private readonly byte[] _content;
    private readonly HostileServer _server;

    public HostileServerTests()
    {
        var model = _folder.File("model.onnx");
        FolderNetwork.Write(model);
        _content = File.ReadAllBytes(model);
        _server = new HostileServer(_content);
    }

    public static TheoryData<string, string, string?> Behaviors
    {
        get
        {
            // The reason of a refusal; null where the right bytes must come.
            (string, string?)[] behaviors =
            [
                ("honest", null), ("resumed", null), ("short length", "has a file of "), ("long length", "has a file of "), ("truncated", "ended"), ("longer than said", null),
                ("no length, endless", "sent more than"), ("no length, a pause after the right one", "sent more than"), ("other bytes", "with another sha256"), ("wrong range", null), ("range of another size", null), ("whole in answer to a range", null),
                ("other file since the first part", null), ("drip", "sent only"), ("silence", "was silent"), ("busy, seconds", null), ("busy, date", null), ("busy, date gone by", null),
                ("busy for an hour", "asks to wait 3600 seconds"), ("always busy", "answered HTTP 429"), ("busy without a time", "answered HTTP 503"), ("gzip", "compressed (gzip)"),
                ("redirect loop", "redirect"), ("not HTTP", "nvalid"), ("hangs up", ""), ("404", "answered HTTP 404"), ("endless headers", "header"),
            ];
            var data = new TheoryData<string, string, string?>();
            foreach (var source in (string[])[Catalog, FromHub])
            {
                foreach (var (name, reason) in behaviors) data.Add(source, name, reason);
            }

            return data;
        }
    }

    private CatalogEntry Entry(HostileServer server) => TestCards.Download(_content, "x") with { Mirrors = [new Uri(server.Address, "x.onnx")] };

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Behaviors))]
    public async Task The_right_bytes_come_or_a_sentence(string source, string behavior, string? reason)
    {
        var store = Store(_server, behavior switch { "silence" => TimeSpan.FromSeconds(1), "drip" => TimeSpan.FromSeconds(3), _ => TimeSpan.FromSeconds(30) });
        if (behavior is "resumed" or "wrong range" or "range of another size" or "whole in answer to a range" or "other file since the first part") WritePart(store, source);
        _server.Give = Giving(behavior);
        var error = await Record.ExceptionAsync(() => GetAsync(store, source));
        if (reason is null)
        {
            Assert.Null(error);
        }
        else
        {
            Assert.IsAssignableFrom<ModelException>(error);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Files(), file => file.EndsWith("x.onnx", StringComparison.Ordinal) || file.Contains("snapshots", StringComparison.Ordinal) || (file.Contains("blobs", StringComparison.Ordinal) && !file.EndsWith(".incomplete", StringComparison.Ordinal)));
            Assert.All(Files().Where(file => file.EndsWith(".partial", StringComparison.Ordinal) || file.EndsWith(".incomplete", StringComparison.Ordinal)), file => Assert.True(new FileInfo(file).Length < _content.Length));
            _server.Give = _server.HonestAsync;
        }

        Assert.Equal(_content, File.ReadAllBytes(await GetAsync(store, source)));
    }

    [Theory]
    [InlineData(Catalog, 365)]
    [InlineData(Catalog, -1)]
    [InlineData(FromHub, 365)]
    [InlineData(FromHub, -1)]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_with_what_to_do(string source, int days)
    {
        using var server = new HostileServer(_content, DateTimeOffset.UtcNow.AddDays(days));
        var error = await Assert.ThrowsAnyAsync<ModelException>(() => GetAsync(Store(server, TimeSpan.FromSeconds(30)), source, server));
        Assert.Contains("SSL_CERT_FILE", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(Catalog)]
    [InlineData(FromHub)]
    public async Task A_redirect_never_leaves_encryption(string source)
    {
        using var server = new HostileServer(_content, DateTimeOffset.UtcNow.AddDays(1));
        server.Give = (stream, _, _) => HostileServer.AnswerAsync(stream, "302 Found", [], $"Location: {_server.Address}x.onnx");
        using var trusting = new SocketsHttpHandler { AllowAutoRedirect = source == Catalog };
        trusting.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=127.0.0.1";
        var error = await Assert.ThrowsAnyAsync<ModelException>(() => GetAsync(Store(server, TimeSpan.FromSeconds(30), trusting), source, server));
        Assert.Contains("redirect", error.Message, StringComparison.Ordinal);
        Assert.Contains("encryption", error.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    /// <summary>Eight stores, as eight processes have them, while the server hangs up now and then.</summary>
    [Theory]
    [InlineData(Catalog)]
    [InlineData(FromHub)]
    public async Task Many_who_want_the_same_file_get_the_right_one(string source)
    {
        _server.Give = (stream, from, request) => request % 3 == 1 ? CutAsync(stream, from) : _server.HonestAsync(stream, from, request);
        var paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var tries = 0; ; tries++)
            {
                try
                {
                    return await GetAsync(Store(_server, TimeSpan.FromSeconds(30)), source);
                }
                catch (ModelException) when (tries < 8)
                {
                    // The server hung up; the next call continues.
                }
            }
        })));
        Assert.All(paths, path => Assert.Equal(_content, File.ReadAllBytes(path)));
        Assert.InRange(_server.Given, 1, 4);
    }

    private HostileServer.Giving Giving(string behavior)
    {
        string[] ranged = ["wrong range", "range of another size", "whole in answer to a range", "other file since the first part"];
        byte[] other = [.. _content.Select(value => (byte)~value)];
        if (ranged.Contains(behavior))
        {
            return (stream, from, request) => from == 0 ? _server.HonestAsync(stream, from, request) : behavior switch
            {
                "wrong range" => HostileServer.AnswerAsync(stream, "206 Partial Content", _content[10..], $"Content-Range: bytes 10-{_content.Length - 1}/{_content.Length}"),
                "range of another size" => HostileServer.AnswerAsync(stream, "206 Partial Content", [1, 2], $"Content-Range: bytes {from}-{from + 1}/{from + 2}"),
                "whole in answer to a range" => HostileServer.AnswerAsync(stream, "200 OK", _content),
                _ => HostileServer.AnswerAsync(stream, "206 Partial Content", other[(int)from..], $"Content-Range: bytes {from}-{other.Length - 1}/{other.Length}", "ETag: \"changed\""),
            };
        }

        Task Busy(Stream stream, long from, int request, string status, string when, int times = 1) =>
            request <= times ? HostileServer.AnswerAsync(stream, status, [], "Retry-After: " + when) : _server.HonestAsync(stream, from, request);

        return behavior switch
        {
            "honest" or "resumed" => _server.HonestAsync,
            "short length" => (stream, _, _) => HostileServer.AnswerAsync(stream, "200 OK", _content[..^1]),
            "long length" => (stream, _, _) => HostileServer.AnswerAsync(stream, "200 OK", [.. _content, 0]),
            "truncated" => CutAsync,
            // HTTP ends a body at the length that was stated.
            "longer than said" => async (stream, from, request) =>
            {
                await _server.HonestAsync(stream, from, request);
                await stream.WriteAsync(other);
            },
            "no length, endless" => async (stream, _, _) =>
            {
                await HostileServer.HeadAsync(stream, "200 OK");
                while (true) await stream.WriteAsync(other);
            },
            "no length, a pause after the right one" => async (stream, _, _) =>
            {
                await HostileServer.HeadAsync(stream, "200 OK");
                await stream.WriteAsync(other);
                await stream.FlushAsync();
                await Task.Delay(100);
                await stream.WriteAsync(other);
            },
            "other bytes" => (stream, _, _) => HostileServer.AnswerAsync(stream, "200 OK", other),
            "drip" => async (stream, from, _) =>
            {
                await HostileServer.HeadAsync(stream, "200 OK", $"Content-Length: {_content.Length}");
                for (var i = 0; i < _content.Length; i++)
                {
                    await stream.WriteAsync(_content.AsMemory(i, 1));
                    await stream.FlushAsync();
                    await Task.Delay(100);
                }
            },
            "silence" => async (stream, _, _) =>
            {
                await HostileServer.HeadAsync(stream, "200 OK", $"Content-Length: {_content.Length}");
                await Task.Delay(TimeSpan.FromSeconds(20));
            },
            "busy, seconds" => (stream, from, request) => Busy(stream, from, request, "429 Too Many Requests", "1"),
            "busy, date" => (stream, from, request) => Busy(stream, from, request, "503 Service Unavailable", DateTimeOffset.UtcNow.AddSeconds(1).ToString("R", CultureInfo.InvariantCulture)),
            "busy, date gone by" => (stream, from, request) => Busy(stream, from, request, "503 Service Unavailable", "Wed, 21 Oct 2015 07:28:00 GMT"),
            "busy for an hour" => (stream, from, request) => Busy(stream, from, request, "429 Too Many Requests", "3600", int.MaxValue),
            "always busy" => (stream, from, request) => Busy(stream, from, request, "429 Too Many Requests", "0", int.MaxValue),
            "busy without a time" => (stream, _, _) => HostileServer.AnswerAsync(stream, "503 Service Unavailable", []),
            "gzip" => (stream, _, _) => HostileServer.AnswerAsync(stream, "200 OK", Zipped(), "Content-Encoding: gzip"),
            "redirect loop" => (stream, _, _) => HostileServer.AnswerAsync(stream, "302 Found", [], "Location: /x.onnx"),
            "not HTTP" => async (stream, _, _) => await stream.WriteAsync(Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")),
            "hangs up" => (_, _, _) => Task.CompletedTask,
            "404" => (stream, _, _) => HostileServer.AnswerAsync(stream, "404 Not Found", []),
            "endless headers" => async (stream, _, _) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray());
                while (true) await stream.WriteAsync(Encoding.ASCII.GetBytes($"X-More: {new string('x', 1000)}\r\n"));
            },
            _ => throw new ArgumentException(behavior),
        };
    }

    /// <summary>Half of what was asked for, under the length of all of it.</summary>
    private async Task CutAsync(Stream stream, long from, int request = 0)
    {
        var rest = _content[(int)from..];
        if (from == 0) await HostileServer.HeadAsync(stream, "200 OK", $"Content-Length: {rest.Length}");
        else await HostileServer.HeadAsync(stream, "206 Partial Content", $"Content-Length: {rest.Length}", $"Content-Range: bytes {from}-{_content.Length - 1}/{_content.Length}");
        await stream.WriteAsync(rest.AsMemory(0, rest.Length / 2));
    }

    private byte[] Zipped()
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest)) gzip.Write(_content);
        return zipped.ToArray();
    }

    private void WritePart(ModelStore store, string source)
    {
        var hash = TestCards.Download(_content).Card.Sha256!;
        var path = source == Catalog ? store.PartialPathOf(Entry(_server)) : Path.Combine(store.HubFolder, "models--acme--screws", "blobs", hash + ".incomplete");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, _content[..(_content.Length / 3)]);
    }

    private async Task<string> GetAsync(ModelStore store, string source, HostileServer? server = null) =>
        source == Catalog ? await store.GetAsync(Entry(server ?? _server)) : await store.GetAsync("hf:acme/screws@main/model.onnx");

    private ModelStore Store(HostileServer server, TimeSpan timeout, HttpMessageHandler? handler = null) => new()
    {
        Folder = Path.Combine(_folder.Path, "models"),
        IsOffline = false,
        Timeout = timeout,
        MessageHandler = handler,
        Hub = new HubSettings { Endpoint = server.Address, Folder = Path.Combine(_folder.Path, "hub") },
    };

    private string[] Files() => [.. ((string[])["models", "hub"]).Select(name => Path.Combine(_folder.Path, name)).Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories))];
}
