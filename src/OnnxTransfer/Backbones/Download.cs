using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace OnnxTransfer.Backbones;

/// <summary>A file to download.</summary>
/// <param name="Addresses">Addresses of the same bytes, tried in this order.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Checksum">What its content must give.</param>
internal sealed record DownloadTarget(IReadOnlyList<Uri> Addresses, long Bytes, Checksum Checksum);

/// <summary>Downloads one file from the first address that has the whole file, and continues an interrupted attempt.</summary>
internal sealed class Download(
    HttpClient http, DownloadTarget target, string partialPath, TimeSpan silence, IProgress<WorkProgress>? progress)
{
    private const int ChunkBytes = 1 << 18;

    /// <summary>A server that sends less in the time of a silence is as good as silent.</summary>
    private const int LeastBytes = 1 << 14;

    private readonly List<(Uri Url, string Reason)> _failures = [];
    private readonly long _total = target.Bytes;

    /// <summary>The mirrors that failed, in the order tried.</summary>
    internal IReadOnlyList<(Uri Url, string Reason)> Failures => _failures;

    internal string PartialPath => partialPath;

    /// <returns>Whether <see cref="PartialPath"/> now is the whole file with the right SHA-256.</returns>
    internal async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // A run that ended between the last byte and the rename needs no server.
        if (await IsWholeAsync(cancellationToken).ConfigureAwait(false)) return true;
        foreach (var url in target.Addresses)
        {
            try
            {
                if (await FromAsync(url, cancellationToken).ConfigureAwait(false)) return true;
            }
            catch (MirrorException e)
            {
                _failures.Add((url, e.Message));
            }
        }

        if (new FileInfo(partialPath) is { Exists: true, Length: 0 }) File.Delete(partialPath);
        return false;
    }

    private async Task<bool> FromAsync(Uri url, CancellationToken cancellationToken)
    {
        var resumed = await TransferAsync(url, cancellationToken).ConfigureAwait(false);
        if (await IsWholeAsync(cancellationToken).ConfigureAwait(false)) return true;
        if (resumed)
        {
            // The bytes of the earlier attempt may have been the wrong ones, so this mirror gets a clean start.
            await TransferAsync(url, cancellationToken).ConfigureAwait(false);
            if (await IsWholeAsync(cancellationToken).ConfigureAwait(false)) return true;
        }

        throw new MirrorException($"sent {_total} bytes with another {target.Checksum.Name}");
    }

    /// <summary>Whether the partial file has the right size and hash; a full-sized wrong one is deleted.</summary>
    private async Task<bool> IsWholeAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(partialPath) || new FileInfo(partialPath).Length < _total) return false;
        if (await target.Checksum.IsOfAsync(partialPath, cancellationToken).ConfigureAwait(false)) return true;
        File.Delete(partialPath);
        return false;
    }

    /// <summary>Brings the partial file to its full size.</summary>
    /// <returns>Whether bytes of an earlier attempt are in it.</returns>
    private async Task<bool> TransferAsync(Uri url, CancellationToken cancellationToken)
    {
        using var watch = new Watch(silence, cancellationToken);
        var file = new FileStream(partialPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            using var response = await AskAsync(url, file, watch, cancellationToken).ConfigureAwait(false);
            var start = response.StatusCode == HttpStatusCode.PartialContent ? file.Length : 0;
            file.SetLength(start);
            file.Position = start;
            var body = await watch.Run(token => response.Content.ReadAsStreamAsync(token)).ConfigureAwait(false);
            await using (body.ConfigureAwait(false)) await CopyAsync(body, file, url, watch, cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
            return start > 0;
        }
    }

    /// <summary>The response with the missing bytes (206) or with all of them (200).</summary>
    private async Task<HttpResponseMessage> AskAsync(Uri url, FileStream file, Watch watch, CancellationToken cancellationToken)
    {
        var start = file.Length;
        var response = await SendAsync(url, start, watch, cancellationToken).ConfigureAwait(false);
        if (start > 0 && !Continues(response, start))
        {
            // Only whole answers are of use from a server that cannot continue, or continues a file of another size.
            response.Dispose();
            response = await SendAsync(url, 0, watch, cancellationToken).ConfigureAwait(false);
        }

        var problem = ProblemOf(response);
        if (problem is null) return response;
        response.Dispose();
        throw new MirrorException(problem);
    }

    /// <summary>Why an answer does not give the file, in words; null where it may.</summary>
    private string? ProblemOf(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            var answer = string.Create(CultureInfo.InvariantCulture, $"answered HTTP {(int)response.StatusCode} {response.ReasonPhrase}");
            if (response.Headers.Location is { } location) return $"{answer}: the redirect to {location} is not followed, because it leaves encryption or is one of too many";
            return ServerAnswers.WaitOf(response) is { } wait ? string.Create(CultureInfo.InvariantCulture, $"{answer} and asks to wait {wait.TotalSeconds:0} seconds") : answer;
        }

        if (response.Content.Headers.ContentEncoding is { Count: > 0 } encoding) return $"sent the file compressed ({string.Join(", ", encoding)}), which was not asked for";
        return SizeOf(response) is { } size && size != _total ? $"has a file of {size} bytes, not {_total}" : null;
    }

    private Task<HttpResponseMessage> SendAsync(Uri url, long start, Watch watch, CancellationToken cancellationToken) =>
        ServerAnswers.PatientlyAsync(() => SendAsync(url, start, watch), silence, cancellationToken);

    private Task<HttpResponseMessage> SendAsync(Uri url, long start, Watch watch) => watch.Run(async token =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("OnnxTransfer", null));
        if (start > 0) request.Headers.Range = new RangeHeaderValue(start, null);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
    });

    private bool Continues(HttpResponseMessage response, long start) => response.StatusCode switch
    {
        HttpStatusCode.PartialContent => response.Content.Headers.ContentRange is { } range && range.From == start && range.Length == _total,
        HttpStatusCode.RequestedRangeNotSatisfiable => false,
        _ => true,
    };

    private static long? SizeOf(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.PartialContent
        ? response.Content.Headers.ContentRange?.Length
        : response.Content.Headers.ContentLength;

    private async Task CopyAsync(Stream body, FileStream file, Uri url, Watch watch, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            progress?.Report(new WorkProgress(file.Position, _total));
            var start = file.Position;
            var (since, before) = (Stopwatch.GetTimestamp(), start);
            while (true)
            {
                var elapsed = Stopwatch.GetElapsedTime(since);
                if (elapsed >= silence)
                {
                    if (file.Position - before < LeastBytes) throw new MirrorException(string.Create(CultureInfo.InvariantCulture, $"sent only {file.Position - before} bytes in {elapsed.TotalSeconds:0.#} seconds"));
                    (since, before) = (Stopwatch.GetTimestamp(), file.Position);
                }

                var count = await watch.Run(token => body.ReadAsync(buffer, token).AsTask()).ConfigureAwait(false);
                if (count == 0) break;
                if (file.Position + count > _total)
                {
                    // This answer is of another file, whose first bytes would pass for a part of the right one.
                    file.SetLength(start);
                    throw new MirrorException($"sent more than {_total} bytes");
                }

                await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                progress?.Report(new WorkProgress(file.Position, _total));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (file.Position < _total) throw new MirrorException($"ended after {file.Position} of {_total} bytes");
    }

    /// <summary>Runs one network step at a time, and turns its failure or its silence into a reason to try the next mirror.</summary>
    private sealed class Watch(TimeSpan silence, CancellationToken cancellationToken) : IDisposable
    {
        private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        internal async Task<T> Run<T>(Func<CancellationToken, Task<T>> step)
        {
            _source.CancelAfter(silence);
            try
            {
                return await step(_source.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new MirrorException(string.Create(CultureInfo.InvariantCulture, $"was silent for {silence.TotalSeconds:0.###} seconds"));
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                throw new MirrorException(ServerAnswers.Describe(e));
            }
        }

        public void Dispose() => _source.Dispose();
    }

    private sealed class MirrorException(string reason) : Exception(reason);
}
