using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>A web server on this machine's loopback address that serves one file and continues where asked.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly byte[] _content;

    public LoopbackServer(byte[] content)
    {
        _content = content;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/model.onnx");
        }

        _listener.Prefixes.Add(new Uri(Url, "/").ToString());
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Url { get; }

    public ConcurrentQueue<string?> Ranges { get; } = new();

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var range = context.Request.Headers["Range"];
            Ranges.Enqueue(range);
            var from = range is null ? 0 : int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            if (range is not null)
            {
                context.Response.StatusCode = 206;
                context.Response.AddHeader("Content-Range", $"bytes {from}-{_content.Length - 1}/{_content.Length}");
            }

            context.Response.ContentLength64 = _content.Length - from;
            await context.Response.OutputStream.WriteAsync(_content.AsMemory(from));
            context.Response.Close();
        }
    }
}
