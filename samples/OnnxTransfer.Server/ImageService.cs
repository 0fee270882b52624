using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace OnnxTransfer.Server;

/// <summary>The service's parts and its addresses.</summary>
internal static class ImageService
{
    private const string Images = "images";

    /// <summary>Registers the models, their warm-up and health, and the limits.</summary>
    internal static void AddImageService(this WebApplicationBuilder builder, ServerSettings settings)
    {
        var services = builder.Services;
        // Requests run side by side, so each computes on one thread.
        var options = new FeatureExtractorOptions
        {
            Threads = 1,
            Decode = DecodeOptions.Default with { MaxEncodedBytes = (int)Math.Min(settings.MaxBodyBytes, int.MaxValue), MaxPixels = settings.MaxPixels },
        };
        if (settings.Model.Length > 0) services.AddFeatureExtractor(settings.Model, options).AddWarmup().AddHealthCheck();
        if (settings.Classifier.Path.Length > 0) services.AddImageClassifier(settings.Classifier.Path, options).AddWarmup().AddHealthCheck();

        services.AddProblemDetails();
        services.AddOpenApi();
        services.AddSingleton<MetricsPage>();
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = settings.MaxBodyBytes);
        services.AddRateLimiter(limiter =>
        {
            limiter.AddConcurrencyLimiter(Images, limit =>
            {
                limit.PermitLimit = settings.MaxConcurrentImages > 0 ? settings.MaxConcurrentImages : Environment.ProcessorCount;
                limit.QueueLimit = settings.MaxWaitingRequests;
                limit.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
            });
            limiter.OnRejected = async (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "1";
                await Problem(503, "All places are taken: send the image again in a second.").ExecuteAsync(rejected.HttpContext);
            };
        });
    }

    /// <summary>Maps <c>/predict</c> and <c>/embed</c>, whose body is an encoded image. Its stated type does not matter: `curl --data-binary` states that of a form.</summary>
    internal static void MapImageService(this WebApplication app, ServerSettings settings)
    {
        var images = app.MapGroup("").RequireRateLimiting(Images).AddEndpointFilter((context, next) => AnswerErrorsAsync(context, next, settings));
        if (settings.Model.Length > 0)
        {
            images.MapPost("/embed", async (HttpRequest request, FeatureExtractor extractor, CancellationToken cancellationToken) =>
                    new EmbedAnswer(extractor.Model.Id, await extractor.EmbedAsync(request.Body, cancellationToken)))
                .Accepts<byte[]>("image/*", "*/*").ProducesProblem(400).ProducesProblem(413).ProducesProblem(503);
        }

        if (settings.Classifier.Path.Length > 0)
        {
            images.MapPost("/predict", async (HttpRequest request, IImageClassifier classifier, CancellationToken cancellationToken, int top = 3) =>
                {
                    if (top < 1) return Problem(400, $"top is {top}: ask for one class at least.");
                    var prediction = await classifier.PredictAsync(request.Body, cancellationToken);
                    return Results.Ok(new PredictAnswer(prediction.Label, prediction.Probability, prediction.Top(top)));
                })
                .Accepts<byte[]>("image/*", "*/*").Produces<PredictAnswer>().ProducesProblem(400).ProducesProblem(413).ProducesProblem(503);
        }
    }

    private static async ValueTask<object?> AnswerErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, ServerSettings settings)
    {
        if (context.HttpContext.Request.ContentLength > settings.MaxBodyBytes)
            return Problem(413, string.Create(CultureInfo.InvariantCulture, $"The body is larger than {settings.MaxBodyBytes} bytes: send a smaller image."));
        try
        {
            return await next(context);
        }
        catch (ImageDecodeException exception)
        {
            // Stopped by the clock: the machine was busy, and nothing is known against the image.
            return Problem(exception.TimedOut ? 503 : 400, exception.Message);
        }
        catch (BadHttpRequestException exception)
        {
            return Problem(exception.StatusCode, exception.Message);
        }
    }

    private static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);
}
