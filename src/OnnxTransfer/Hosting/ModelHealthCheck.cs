using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OnnxTransfer.Hosting;

/// <summary>Reports whether a model is open.</summary>
/// <param name="open">Opens the model unless it is open; blocks.</param>
internal sealed class ModelHealthCheck(Func<Readiness> open) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var data = await Task.Run(() => open().Describe(), cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy($"{data["model"]} runs on {data["provider"]}.", data);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message, exception);
        }
    }
}
