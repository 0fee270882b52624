using System.Globalization;
using OnnxTransfer.Features;
using Spectre.Console;

namespace OnnxTransfer.Cli.Output;

/// <summary>Progress bars on standard error; none when that is not a terminal.</summary>
internal static class Progress
{
    /// <summary>Runs work that reports how much of how much is done.</summary>
    /// <param name="title">What the bar says.</param>
    /// <param name="work">The work; it calls its argument with (done, total).</param>
    internal static Task<T> RunAsync<T>(string title, Func<Action<double, double>, Task<T>> work) =>
        ShowAsync<T>(title, task => work((done, total) => task?.Set(done, total)));

    /// <summary>Runs work that embeds images, with its pace and the time left.</summary>
    /// <param name="title">What the bar says.</param>
    /// <param name="work">The work; it reports to its argument.</param>
    internal static Task<T> EmbedAsync<T>(string title, Func<IProgress<EmbeddingProgress>, Task<T>> work) => ShowAsync<T>(title, task => work(new Report<EmbeddingProgress>(progress =>
    {
        if (task is null) return;
        task.Set(progress.Done, progress.Total);
        task.Description = string.Create(CultureInfo.InvariantCulture, $"{Markup.Escape(title)} {progress.ImagesPerSecond:0} images/s, {progress.Remaining:h\\:mm\\:ss} left");
    })));

    /// <param name="title">What the bar says.</param>
    /// <param name="work">The work; its argument is null where no bar is shown.</param>
    private static async Task<T> ShowAsync<T>(string title, Func<ProgressTask?, Task<T>> work)
    {
        if (Console.IsErrorRedirected) return await work(null).ConfigureAwait(false);

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(context => work(context.AddTask(Markup.Escape(title)))).ConfigureAwait(false);
    }

    private static void Set(this ProgressTask task, double done, double total)
    {
        task.MaxValue = total;
        task.Value = done;
    }
}

/// <summary>Reports on the reporting thread, in order; <see cref="Progress{T}"/> would hop to the thread pool and lose the order.</summary>
internal sealed class Report<T>(Action<T> handler) : IProgress<T>
{
    void IProgress<T>.Report(T value) => handler(value);
}
