using System.Globalization;
using Spectre.Console;

namespace OnnxTransfer.Cli.Output;

/// <summary>Progress bars on standard error; none when that is not a terminal.</summary>
internal static class Progress
{
    /// <summary>Standard error as it is: a bar is drawn by the codes that other text may not have.</summary>
    internal static TextWriter Terminal { get; set; } = Console.Error;

    /// <summary>Runs work that reports how much of how much is done.</summary>
    /// <param name="title">What the bar says.</param>
    /// <param name="work">The work; it reports to its argument.</param>
    /// <param name="isShown">Whether there is a bar at all; none where rows go to the same terminal.</param>
    internal static async Task<T> RunAsync<T>(string title, Func<IProgress<WorkProgress>?, Task<T>> work, bool isShown = true)
    {
        if (!isShown || Console.IsErrorRedirected) return await work(null).ConfigureAwait(false);

        title = SafeWriter.Escape(title);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Terminal) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask(Markup.Escape(title));
                return work(new Report(progress =>
                {
                    task.IsIndeterminate = progress.Total == 0;
                    if (progress.Total > 0) (task.MaxValue, task.Value) = (progress.Total, progress.Done);
                    else task.Description = string.Create(CultureInfo.InvariantCulture, $"{Markup.Escape(title)}, {progress.Done} images");
                    if (progress.Remaining is { } remaining)
                        task.Description = string.Create(CultureInfo.InvariantCulture, $"{Markup.Escape(title)}, {progress.PerSecond:0} images/s, {remaining:h\\:mm\\:ss} left");
                }));
            }).ConfigureAwait(false);
    }

    /// <summary>Reports with a total that the work does not know; nothing is reported where there is no bar.</summary>
    internal static IProgress<WorkProgress>? OutOf(long? total, IProgress<WorkProgress>? report) =>
        report is null || total is null ? report : new Report(progress => report.Report(progress.Total > 0 ? progress : progress with { Total = total.Value }));

    /// <summary>Reports on the reporting thread, in order; <see cref="Progress{T}"/> would hop to the thread pool and lose the order.</summary>
    private sealed class Report(Action<WorkProgress> handler) : IProgress<WorkProgress>
    {
        void IProgress<WorkProgress>.Report(WorkProgress value) => handler(value);
    }
}
