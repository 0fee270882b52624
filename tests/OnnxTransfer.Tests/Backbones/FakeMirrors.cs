using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Servers without a network: one function per host decides what it answers.</summary>
internal sealed class FakeMirrors : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> _byHost = new();

    /// <summary>Host and first byte asked for, in the order of the requests.</summary>
    public ConcurrentQueue<(string Host, long? From)> Requests { get; } = new();

    public void Set(string host, Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        _byHost[host] = (request, _) => Task.FromResult(answer(request));

    public void Set(string host, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) => _byHost[host] = answer;

    /// <summary>A server that has the content and continues where asked.</summary>
    public void Serve(string host, byte[] content) => Set(host, request => Answer(request, content));

    public static HttpResponseMessage Answer(HttpRequestMessage request, byte[] content)
    {
        if (From(request) is not { } from) return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
        if (from >= content.Length) return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable);
        var response = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(content[(int)from..]) };
        response.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, content.Length - 1, content.Length);
        return response;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Enqueue((request.RequestUri!.Host, From(request)));
        return _byHost[request.RequestUri.Host](request, cancellationToken);
    }

    private static long? From(HttpRequestMessage request) => request.Headers.Range?.Ranges.Single().From;
}

/// <summary>A body that gives some bytes and then does what it is told: fails, ends early or waits until it is canceled.</summary>
internal sealed class BrokenBody(byte[] bytes, int count, Func<CancellationToken, Task> then) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Body(bytes[..count], then));

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }

    private sealed class Body(byte[] bytes, Func<CancellationToken, Task> then) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length) await then(cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
