using Microsoft.Extensions.Hosting;

namespace OnnxTransfer.Hosting;

/// <summary>Opens a model and runs it once before the application serves.</summary>
/// <param name="open">Opens the model; blocks.</param>
internal sealed class WarmupService(Func<Readiness> open) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var model = await Task.Run(open, cancellationToken).ConfigureAwait(false);
        await model.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
