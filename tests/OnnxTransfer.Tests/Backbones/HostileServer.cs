using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OnnxTransfer.Tests.Backbones.Hub;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>
/// A server on this machine's loopback address that speaks HTTP byte by byte as it is told, and so can break every rule. It answers questions about
/// files (HEAD) as the Hugging Face hub does; how it gives the model is a test's choice.
/// </summary>
internal sealed class HostileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly byte[] _content;

    /// <param name="content">The model.</param>
    /// <param name="expires">When the certificate that the server signed itself expires; null for plain HTTP.</param>
    internal HostileServer(byte[] content, DateTimeOffset? expires = null)
    {
        _content = content;
        if (expires is { } end) _certificate = SelfSigned(end);
        _listener.Start();
        Address = new Uri($"{(expires is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = ServeAsync();
    }

    /// <summary>Gives the model, whole or from a byte on.</summary>
    internal delegate Task Giving(Stream stream, long from, int request);

    internal Uri Address { get; }

    /// <summary>How the model is given; honestly by default.</summary>
    internal Giving Give { get => field ?? HonestAsync; set; }

    /// <summary>The first line of every request.</summary>
    internal ConcurrentQueue<string> Requests { get; } = new();

    internal int Given => Requests.Count(line => line.StartsWith("GET ", StringComparison.Ordinal));

    internal Task HonestAsync(Stream stream, long from, int request) => from == 0
        ? AnswerAsync(stream, "200 OK", _content)
        : AnswerAsync(stream, "206 Partial Content", _content[(int)from..], $"Content-Range: bytes {from}-{_content.Length - 1}/{_content.Length}");

    internal static async Task AnswerAsync(Stream stream, string status, byte[] body, params string[] headers)
    {
        await HeadAsync(stream, status, [.. headers, string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}")]);
        await stream.WriteAsync(body);
    }

    internal static async Task HeadAsync(Stream stream, string status, params string[] headers) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n"));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _certificate?.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = AnswerAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            Stream stream = client.GetStream();
            if (_certificate is not null)
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(_certificate);
                stream = secure;
            }

            await using var opened = stream;
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            var first = await reader.ReadLineAsync() ?? "";
            if (first.Length == 0) return;
            var from = 0L;
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
            {
                if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase)) from = long.Parse(line["Range: bytes=".Length..^1], CultureInfo.InvariantCulture);
            }

            Requests.Enqueue(first);
            if (first.StartsWith("HEAD ", StringComparison.Ordinal)) await DescribeAsync(stream, first);
            else await Give(stream, from, Given);
            await stream.FlushAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away.
        }
    }

    private Task DescribeAsync(Stream stream, string first) => first.Contains(".onnx", StringComparison.Ordinal)
        ? HeadAsync(
            stream, "200 OK", "X-Repo-Commit: " + new string('a', 40), $"X-Linked-ETag: \"{LoopbackHub.Sha256(_content)}\"", $"X-Linked-Size: {_content.Length}", $"Content-Length: {_content.Length}")
        : HeadAsync(stream, "404 Not Found", "X-Error-Code: EntryNotFound", "X-Repo-Commit: " + new string('a', 40), "Content-Length: 0");

    private static X509Certificate2 SelfSigned(DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(end - TimeSpan.FromDays(30), end);
        // Windows needs the key in a store of keys.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
