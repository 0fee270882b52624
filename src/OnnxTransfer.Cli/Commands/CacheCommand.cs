using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer cache info | verify | gc</c></summary>
internal static class CacheCommand
{
    private const double Megabyte = 1e6;

    internal static Command Create() => new("cache", "Show, verify and clean up the feature vectors that are kept for later runs.")
    {
        CreateInfo(), CreateVerify(), CreateCollect(),
    };

    private static Command CreateInfo()
    {
        var (folder, json) = (Folder(), CommonOptions.Json());
        var command = new Command("info", "Show where the cache is, its size, and its networks.") { folder, json };
        command.SetAction(parsed =>
        {
            var cache = new FeatureCache(parsed.GetValue(folder));
            var models = cache.Models();
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(
                    new CacheJson(
                        cache.File, cache.Bytes, [.. models.Select(model => new CacheModelJson(model.Id, model.Dim, model.Vectors, model.Used, model.Description.Split('\n')))]),
                    JsonContracts.Default.CacheJson);
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"{cache.File}, {Size(cache.Bytes)}");
            if (models.Count == 0) return ExitCode.Done;
            Table.Write(
                ["model", "features", "vectors", "last used"],
                [.. models.Select(model => (IReadOnlyList<string>)
                    [model.Id, $"{model.Dim}", $"{model.Vectors}", model.Used.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)])]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateVerify()
    {
        var (folder, json) = (Folder(), CommonOptions.Json());
        var command = new Command("verify", "Read the whole cache and compare it with its checksums.") { folder, json };
        command.SetAction(parsed =>
        {
            var cache = new FeatureCache(parsed.GetValue(folder));
            var (vectors, damaged) = cache.Verify();
            if (parsed.GetValue(json)) JsonOutput.Write(new CacheCheckJson(cache.File, vectors, damaged), JsonContracts.Default.CacheCheckJson);
            else Console.Out.WriteLine($"{vectors} vectors, {(damaged == 0 ? "all sound" : $"{damaged} damaged: they are not used, and `onnxtransfer cache gc` removes them")}");
            return damaged == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Command CreateCollect()
    {
        var (folder, json) = (Folder(), CommonOptions.Json());
        var days = CommonOptions.NonNegative("--unused", "Remove the vectors of networks that no run has used for this number of days.", 30, "DAYS");
        var size = new Option<int?>("--max-size") { Description = "Remove the oldest vectors until the cache takes at most this number of megabytes.", HelpName = "MB" };
        size.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < 0) result.AddError("--max-size must be at least 0.");
        });
        var command = new Command("gc", "Remove damaged vectors, vectors of networks that are no longer used, and the oldest vectors above a limit.") { folder, days, size, json };
        command.SetAction(parsed =>
        {
            var cache = new FeatureCache(parsed.GetValue(folder));
            var removed = cache.Collect(TimeSpan.FromDays(parsed.GetValue(days)), parsed.GetValue(size) is { } megabytes ? (long)(megabytes * Megabyte) : null);
            if (parsed.GetValue(json)) JsonOutput.Write(new CacheCollectedJson(cache.File, removed, cache.Bytes), JsonContracts.Default.CacheCollectedJson);
            else Console.Out.WriteLine($"{removed} vectors removed; {cache.File} takes {Size(cache.Bytes)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string> Folder() => new("--cache")
    {
        Description = "The cache's folder.",
        DefaultValueFactory = _ => FeatureCache.DefaultFolder,
        HelpName = "DIR",
    };

    private static string Size(long bytes) => $"{Table.Number(bytes / Megabyte, "0.0")} MB";
}
