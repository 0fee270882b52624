using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace OnnxTransfer.Tests.Backbones.Hub;

/// <summary>
/// The hub's resolve API on this machine's loopback address: small files from the hub itself with Git's checksum as the entity tag, large
/// files (.onnx, .onnx_data) by a redirect to another port, with their SHA-256 in X-Linked-ETag.
/// </summary>
internal sealed class LoopbackHub : IDisposable
{
    internal const string Repository = "acme/screws";
    internal const string Token = "hf_secret";

    private readonly HttpListener _hub = new();
    private readonly HttpListener _storage = new();
    private readonly int _storagePort = FreePort();

    public LoopbackHub()
    {
        var port = FreePort();
        Address = new Uri($"http://127.0.0.1:{port}/");
        _hub.Prefixes.Add(Address.ToString());
        _storage.Prefixes.Add($"http://127.0.0.1:{_storagePort}/");
        _hub.Start();
        _storage.Start();
        _ = ServeAsync(_hub, Answer);
        _ = ServeAsync(_storage, Give);
    }

    public Uri Address { get; }

    /// <summary>The files of a commit by their paths.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> Commits { get; } = [];

    /// <summary>The commit of a branch or tag.</summary>
    public Dictionary<string, string> Refs { get; } = [];

    public bool IsGated { get; set; }

    /// <summary>What the storage gives instead of a large file.</summary>
    public Func<byte[], byte[]> Stored { get; set; } = content => content;

    /// <summary>After this number of bytes the storage hangs up, once; null for never.</summary>
    public int? HangsUpAfter { get; set; }

    /// <summary>Method, path, range and authorization of every request to the hub and to the storage.</summary>
    public ConcurrentQueue<(bool Storage, string Method, string Path, string? Range, string? Authorization)> Requests { get; } = new();

    public void Dispose()
    {
        _hub.Close();
        _storage.Close();
    }

    internal static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5350 // Git names its files by SHA-1.
    internal static string Git(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]));
#pragma warning restore CA5350

    private static bool IsLarge(string file) => file.EndsWith(".onnx", StringComparison.Ordinal) || file.EndsWith(".onnx_data", StringComparison.Ordinal);

    private void Answer(HttpListenerRequest request, HttpListenerResponse response)
    {
        var prefix = $"/{Repository}/resolve/";
        var path = request.Url!.AbsolutePath;
        if (!path.StartsWith(prefix, StringComparison.Ordinal))
        {
            Refuse(response, request.Headers["Authorization"] is null ? 401 : 404, "RepoNotFound");
            return;
        }

        var parts = path[prefix.Length..].Split('/', 2);
        var revision = Uri.UnescapeDataString(parts[0]);
        var commit = Refs.GetValueOrDefault(revision, revision);
        if (!Commits.TryGetValue(commit, out var files))
        {
            Refuse(response, 404, "RevisionNotFound");
            return;
        }

        response.AddHeader("X-Repo-Commit", commit);
        if (IsGated && request.Headers["Authorization"] != $"Bearer {Token}")
        {
            Refuse(response, 403, "GatedRepo");
        }
        else if (!files.TryGetValue(parts[1], out var content))
        {
            Refuse(response, 404, "EntryNotFound");
        }
        else if (IsLarge(parts[1]))
        {
            response.AddHeader("X-Linked-ETag", $"\"{Sha256(content)}\"");
            response.AddHeader("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture));
            response.AddHeader("ETag", $"\"{Git(content)}\"");
            response.StatusCode = 302;
            response.AddHeader("Location", $"http://127.0.0.1:{_storagePort}/{commit}/{parts[1]}");
        }
        else
        {
            response.AddHeader("ETag", $"\"{Git(content)}\"");
            Send(request, response, content);
        }
    }

    private void Give(HttpListenerRequest request, HttpListenerResponse response)
    {
        var parts = request.Url!.AbsolutePath[1..].Split('/', 2);
        response.AddHeader("ETag", "\"the storage's own\"");
        Send(request, response, Stored(Commits[parts[0]][parts[1]]));
    }

    private void Send(HttpListenerRequest request, HttpListenerResponse response, byte[] content)
    {
        var from = request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
        if (from > 0)
        {
            response.StatusCode = 206;
            response.AddHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{content.Length - 1}/{content.Length}"));
        }

        response.ContentLength64 = content.Length - from;
        if (request.HttpMethod == "HEAD") return;
        if (HangsUpAfter is { } count && count < content.Length - from)
        {
            HangsUpAfter = null;
            response.OutputStream.Write(content, from, count);
            response.OutputStream.Flush();
            response.Abort();
            return;
        }

        response.OutputStream.Write(content, from, content.Length - from);
    }

    private static void Refuse(HttpListenerResponse response, int status, string code)
    {
        response.StatusCode = status;
        response.AddHeader("X-Error-Code", code);
    }

    private async Task ServeAsync(HttpListener listener, Action<HttpListenerRequest, HttpListenerResponse> answer)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var request = context.Request;
            Requests.Enqueue((listener == _storage, request.HttpMethod, request.Url!.AbsolutePath, request.Headers["Range"], request.Headers["Authorization"]));
            try
            {
                answer(request, context.Response);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The client went away, or the server hung up as it was told.
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
