extern alias cli;

using System.CommandLine;
using System.Text.Json.Serialization;
using cli::OnnxTransfer.Cli;
using cli::OnnxTransfer.Cli.Commands;
using cli::OnnxTransfer.Cli.Output;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Storage;

namespace OnnxTransfer.Cluster.Commands;

/// <summary><c>onnxtransfer-cluster status [JOB]</c> and <c>cancel JOB</c></summary>
internal static class StatusCommand
{
    internal static Command Create()
    {
        var job = new Argument<string?>("JOB") { Description = "The id that submit printed; without it, every job.", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new Command("status", "Show the progress of jobs: images/s of each worker, time left, unusable images, parts that failed.") { job, json };
        var cluster = new ClusterArguments(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var network = cluster.Network(parsed);
            await using var database = cluster.Database(parsed);
            var jobs = await ClusterClient.AskAsync(
                database, network, cluster.IsVerbose(parsed),
                async grains =>
                {
                    var found = new List<JobStatus>();
                    IReadOnlyList<string> ids = parsed.GetValue(job) is { } id ? [id] : await grains.GetGrain<IJobListGrain>(0).GetAllAsync().ConfigureAwait(false);
                    foreach (var one in ids)
                        if (await grains.GetGrain<IJobGrain>(one).GetStatusAsync().ConfigureAwait(false) is { } status) found.Add(status);
                    return found;
                },
                cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(job) is { } wanted && jobs.Count == 0) throw ClusterErrors.NoSuchJob(wanted);
            var refused = await database.RefusedAsync().ConfigureAwait(false);
            if (parsed.GetValue(json)) JsonOutput.Write(new StatusJson([.. jobs.Select(JobJson.Of)], refused), StatusContracts.Default.StatusJson);
            else Print(jobs, refused, parsed.GetValue(job) is not null);
            return ExitCode.Done;
        });
        return command;
    }

    internal static Command CreateCancel()
    {
        var job = new Argument<string>("JOB") { Description = "The id that submit printed." };
        var command = new Command("cancel", "End a job. Parts that are written stay, and the same submit goes on with them.") { job };
        var cluster = new ClusterArguments(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var network = cluster.Network(parsed);
            await using var database = cluster.Database(parsed);
            var id = parsed.GetRequiredValue(job);
            var phase = await ClusterClient.AskAsync(
                database, network, cluster.IsVerbose(parsed),
                async grains => await grains.GetGrain<IJobGrain>(id).GetSpecAsync().ConfigureAwait(false) is null ? null : (JobPhase?)await grains.GetGrain<IJobGrain>(id).CancelAsync().ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false) ?? throw ClusterErrors.NoSuchJob(id);
            Console.Out.WriteLine($"job {id}: {phase.ToString().ToLowerInvariant()}");
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(List<JobStatus> jobs, List<RefusedWorker> refused, bool isOne)
    {
        if (jobs.Count == 0) Console.Out.WriteLine("no jobs");
        else
        {
            Table.Write(
                ["job", "state", "parts", "images", "unusable", "images/s", "left", "folder"],
                [.. jobs.Select(job => (IReadOnlyList<string>)
                [
                    job.Spec.Id, job.Phase.ToString().ToLowerInvariant(), $"{job.PartsDone}/{job.Spec.PartCount}", $"{job.ImagesDone}/{job.Spec.ImageCount}", $"{job.Unusable}",
                    job.Phase == JobPhase.Running ? Table.Number(job.ImagesPerSecond, "0") : "-", job.Left is { } left ? left.ToString(left.TotalDays < 1 ? @"h\:mm\:ss" : @"d\d\ h\:mm\:ss", System.Globalization.CultureInfo.InvariantCulture) : "-", job.Spec.Output,
                ])]);
        }

        foreach (var job in jobs)
        {
            if (isOne && job.Workers.Count > 0)
            {
                Console.Out.WriteLine();
                Table.Write(
                    ["worker", "parts", "images", "images/s", "silent s", "provider"],
                    [.. job.Workers.Select(worker => (IReadOnlyList<string>)
                    [
                        worker.Worker, $"{worker.Parts}", $"{worker.Images}", Table.Number(worker.ImagesPerSecond, "0"), Table.Number(worker.SilentSeconds, "0"), worker.Provider,
                    ])]);
            }

            foreach (var worker in job.Workers.Where(worker => worker.Waiting is not null)) Console.Out.WriteLine($"waiting: {worker.Worker}: {worker.Waiting}");
            foreach (var worker in job.Refused) Console.Out.WriteLine($"refused by job {job.Spec.Id}: {worker.Worker}: {worker.Reason}");
            foreach (var part in job.Failed) Console.Out.WriteLine($"failed part {part.Part} of job {job.Spec.Id} (last tried by {part.Worker}): {part.Reason}");
            if (job.Problem is { } problem) Console.Out.WriteLine($"no manifest of job {job.Spec.Id}: {problem}");
        }

        foreach (var worker in refused) Console.Out.WriteLine($"refused: {worker.Worker}: {worker.Reason}");
    }
}

internal sealed record StatusJson(IReadOnlyList<JobJson> Jobs, IReadOnlyList<RefusedWorker> Refused);

internal sealed record JobJson(
    string Id, string State, string Output, int PartCount, int PartsDone, int PartsLeased, long ImageCount, long ImagesDone, long Unusable, double ImagesPerSecond, double? SecondsLeft, long LeasesLost,
    string Coordinator, long CoordinatorBytes, IReadOnlyList<WorkerStatus> Workers, IReadOnlyList<RefusedWorker> Refused, IReadOnlyList<Leases.FailedPart> Failed, string? Problem)
{
    internal static JobJson Of(JobStatus job) => new(
        job.Spec.Id, job.Phase.ToString().ToLowerInvariant(), job.Spec.Output, job.Spec.PartCount, job.PartsDone, job.PartsLeased, job.Spec.ImageCount, job.ImagesDone, job.Unusable, job.ImagesPerSecond,
        job.Left?.TotalSeconds, job.LeasesLost, job.Coordinator, job.CoordinatorBytes, job.Workers, job.Refused, job.Failed, job.Problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusJson))]
internal sealed partial class StatusContracts : JsonSerializerContext;
