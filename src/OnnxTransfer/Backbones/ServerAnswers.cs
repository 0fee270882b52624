using System.Net;
using System.Security.Authentication;

namespace OnnxTransfer.Backbones;

/// <summary>What the answers and failures of web servers mean to somebody who downloads a model.</summary>
internal static class ServerAnswers
{
    private const int MostWaits = 3;

    /// <summary>Sends a request again where a server is busy and says how long to wait (429 or 503 with Retry-After).</summary>
    /// <param name="send">Sends it once.</param>
    /// <param name="longest">The longest wait; a server that asks for more gets no second request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static async Task<HttpResponseMessage> PatientlyAsync(Func<Task<HttpResponseMessage>> send, TimeSpan longest, CancellationToken cancellationToken)
    {
        for (var waits = 0; ; waits++)
        {
            var response = await send().ConfigureAwait(false);
            if (waits == MostWaits || WaitOf(response) is not { } wait || wait > longest) return response;
            response.Dispose();
            await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long a busy server asks to wait; null where it does not.</summary>
    internal static TimeSpan? WaitOf(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return null;
        var asked = response.Headers.RetryAfter is { } header ? header.Delta ?? (header.Date - DateTimeOffset.UtcNow) : null;
        return asked is { } wait ? (wait > TimeSpan.Zero ? wait : TimeSpan.Zero) : null;
    }

    /// <summary>Why no answer came, in words; a certificate that is not trusted with what to do.</summary>
    internal static string Describe(Exception exception)
    {
        var words = exception.InnerException is { } cause ? $"{exception.Message} {cause.Message}" : exception.Message;
        return exception.InnerException is AuthenticationException
            ? $"{words.TrimEnd('.')}. If your organization's proxy signs connections, add its certificate to the system's trusted authorities, or on Linux name its file in the environment variable SSL_CERT_FILE."
            : words;
    }
}
