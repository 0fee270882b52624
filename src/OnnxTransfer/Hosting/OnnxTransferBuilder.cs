using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OnnxTransfer.Hosting;

namespace OnnxTransfer;

/// <summary>Adds to a classifier or a feature extractor that is registered with a container.</summary>
public sealed class OnnxTransferBuilder
{
    private readonly string _kind;
    private readonly Func<IServiceProvider, Readiness> _open;

    internal OnnxTransferBuilder(IServiceCollection services, string? serviceKey, string kind, Func<IServiceProvider, Readiness> open)
    {
        Services = services;
        ServiceKey = serviceKey;
        _kind = kind;
        _open = open;
    }

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The key of the classifier or extractor; null if it has none.</summary>
    public string? ServiceKey { get; }

    /// <summary>
    /// Opens the model and runs it once while the application starts, so that no request waits for it. The application starts after
    /// that run. It does not start if the model cannot be opened.
    /// </summary>
    /// <returns>This object.</returns>
    public OnnxTransferBuilder AddWarmup()
    {
        Services.AddSingleton<IHostedService>(provider => new WarmupService(() => _open(provider)));
        return this;
    }

    /// <summary>
    /// Registers a health check that is healthy while the model is open, and that names the model and its provider. The check opens a
    /// model that is not open yet, and runs no image. If the model cannot be opened or is closed, the check gives the status of a
    /// failure and the reason.
    /// </summary>
    /// <param name="name">
    /// The name of the check; null for <c>onnxtransfer-classifier</c> or <c>onnxtransfer-extractor</c>, followed by a hyphen and the
    /// key if there is one.
    /// </param>
    /// <param name="failureStatus">The status of a failure; null for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The tags of the check, such as <c>ready</c>; null for none.</param>
    /// <returns>This object.</returns>
    public OnnxTransferBuilder AddHealthCheck(string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        name ??= ServiceKey is null ? $"onnxtransfer-{_kind}" : $"onnxtransfer-{_kind}-{ServiceKey}";
        Services.AddHealthChecks().Add(new HealthCheckRegistration(name, provider => new ModelHealthCheck(() => _open(provider)), failureStatus, tags));
        return this;
    }
}
