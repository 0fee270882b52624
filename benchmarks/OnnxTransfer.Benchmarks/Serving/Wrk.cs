using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OnnxTransfer.Benchmarks.Serving;

/// <summary>What wrk measured in one run.</summary>
/// <param name="Seconds">How long it ran.</param>
/// <param name="P50">The median of the milliseconds from a request to its answer, whatever the answer.</param>
/// <param name="P99">The 99th percentile of the same.</param>
/// <param name="Lost">Requests without an answer.</param>
/// <param name="RetryAfter">Answers with the status 503 that say when to come again.</param>
/// <param name="Statuses">Answers by status.</param>
internal sealed record WrkRun(double Seconds, double P50, double P99, int Lost, int RetryAfter, IReadOnlyDictionary<string, int> Statuses)
{
    /// <summary>Answers with the status 200.</summary>
    internal int Images => Statuses.GetValueOrDefault("200");

    /// <summary>The statuses other than 200 and their counts.</summary>
    internal string Others() => string.Join(", ", Statuses.Where(one => one.Key != "200").Select(one => $"{one.Value} x {one.Key}").Append(Lost > 0 ? $"{Lost} lost" : "").Where(one => one.Length > 0));
}

/// <summary>The load generator wrk with the script serve.lua.</summary>
/// <param name="peers">The folder benchmarks/peers.</param>
internal sealed class Wrk(string peers)
{
    /// <summary>Posts the files of a list to /predict from a number of clients, each of which sends its next image when it has its answer.</summary>
    internal WrkRun Run(ServerProcess server, string list, int clients, int seconds)
    {
        string[] arguments =
        [
            "--threads", "1", "--connections", Text(clients), "--duration", Text(seconds), "--timeout", "60", "--script", Path.Combine(peers, "serve.lua"), new Uri(server.Client.BaseAddress!, "/predict").ToString(),
        ];
        var start = new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true };
        start.Environment["WRK_FILES"] = list;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("wrk did not start.");
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var answer = output.LastIndexOf("{\"seconds\"", StringComparison.Ordinal);
        if (process.ExitCode != 0 || answer < 0) throw new InvalidOperationException($"wrk ended with {process.ExitCode}: {output}");
        return JsonSerializer.Deserialize<WrkRun>(output[answer..], JsonSerializerOptions.Web)!;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
