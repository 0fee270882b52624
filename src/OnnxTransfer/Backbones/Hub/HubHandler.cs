using System.Net;
using System.Net.Http.Headers;

namespace OnnxTransfer.Backbones.Hub;

/// <summary>
/// Follows the redirects of the hub. The token goes to the hub alone, never to the host that a redirect names. A question about a file
/// (HEAD) is not followed to another host, because only the hub's own answer states the checksum.
/// </summary>
internal sealed class HubHandler(HttpMessageHandler inner, HubSettings settings) : DelegatingHandler(inner)
{
    private const int MostRedirects = 10;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var address = request.RequestUri!;
        var sent = request;
        for (var redirects = 0; ; redirects++)
        {
            sent.Headers.UserAgent.Clear();
            sent.Headers.UserAgent.Add(new ProductInfoHeaderValue("OnnxTransfer", null));
            sent.Headers.AcceptEncoding.Clear();
            sent.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (settings.Token is { } token && IsHub(address) && (address.Scheme == Uri.UriSchemeHttps || address.IsLoopback))
                sent.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var response = await base.SendAsync(sent, cancellationToken).ConfigureAwait(false);
            if (!IsRedirect(response) || response.Headers.Location is not { } location) return response;
            var next = new Uri(address, location);
            if (request.Method == HttpMethod.Head && !IsHub(next)) return response;
            response.Dispose();
            if (address.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps) throw new HttpRequestException($"{address.Host} redirects to an address without encryption ({next.Host}).");
            if (redirects == MostRedirects) throw new HttpRequestException($"{address.Host} redirects more than {MostRedirects} times.");
            address = next;
            sent = new HttpRequestMessage(request.Method, address);
            sent.Headers.Range = request.Headers.Range;
        }
    }

    private bool IsHub(Uri address) => Uri.Compare(address, settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static bool IsRedirect(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
