using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>What becomes of jobs that are canceled, that a worker may not work on, or that have a part that cannot be made.</summary>
[Collection(PostgresTestGroup.Name)]
public sealed class JobTests(Postgres postgres)
{
    [PostgresFact]
    public async Task AWorkerWithAnotherNetworkIsRefusedAndSaysWhy()
    {
        string[] cluster = ["--membership", postgres.NewDatabase()];
        using var small = new SmallJob(cluster);
        using var stranger = small.Worker("stranger", "--backbone", small.OtherNetwork);
        await stranger.SaysAsync("joined");
        var job = small.Submit("out");
        await stranger.SaysAsync($"refused by job {job}: The network '");
        var status = ClusterProcess.Status(job, cluster);
        Assert.Equal("running", status.GetProperty("state").GetString());
        Assert.Equal(0, status.GetProperty("partsDone").GetInt32());
        var refused = Assert.Single(status.GetProperty("refused").EnumerateArray());
        Assert.Equal("stranger", refused.GetProperty("worker").GetString());
        Assert.Contains("give this worker the file that the job was submitted with", refused.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains($"refused by job {job}: stranger: The network '", ClusterProcess.Run(["status", job, .. cluster]), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(small.Output("out"), "part-*"));
    }

    [PostgresFact]
    public async Task ACanceledJobIsLeftAloneUntilItIsSubmittedAgain()
    {
        string[] cluster = ["--membership", postgres.NewDatabase()];
        using var small = new SmallJob(cluster);
        // It holds the cluster together and makes nothing, so that the job runs until it is canceled.
        using var stranger = small.Worker("stranger", "--backbone", small.OtherNetwork);
        await stranger.SaysAsync("joined");
        var canceled = small.Submit("canceled");
        for (var time = 0; time < 2; time++) Assert.Equal($"job {canceled}: canceled", ClusterProcess.Run(["cancel", canceled, .. cluster]).Trim());
        Assert.Contains("no job 'nosuchjob'", ClusterProcess.Fail(["cancel", "nosuchjob", .. cluster]), StringComparison.Ordinal);

        // The older job would come first.
        using var worker = small.Worker("worker");
        var other = small.Submit("other");
        Assert.Equal("done", (await ClusterProcess.EndOfAsync(other, cluster, worker)).GetProperty("state").GetString());
        Assert.Equal("canceled", ClusterProcess.Status(canceled, cluster).GetProperty("state").GetString());
        Assert.Empty(Directory.EnumerateFiles(small.Output("canceled"), "part-*"));
        Assert.Equal($"job {other}: done", ClusterProcess.Run(["cancel", other, .. cluster]).Trim());

        Assert.Equal(canceled, small.Submit("canceled"));
        Assert.Equal("done", (await ClusterProcess.EndOfAsync(canceled, cluster, worker)).GetProperty("state").GetString());
        Assert.Equal(SmallJob.Photos, FeatureSet.Open(small.Output("canceled")).RowCount);
    }

    [PostgresFact]
    public async Task APartThatCannotBeMadeIsReportedAndTheRestIsMade()
    {
        const int Poison = 1;
        string[] cluster = ["--membership", postgres.NewDatabase()];
        using var small = new SmallJob(cluster);
        using var stranger = small.Worker("stranger", "--backbone", small.OtherNetwork);
        await stranger.SaysAsync("joined");
        var job = small.Submit("out");
        Damage(Directory.EnumerateFiles(small.Output("out"), ".images-*").Single(), Poison);

        using var worker = small.Worker("worker");
        var status = await ClusterProcess.EndOfAsync(job, cluster, worker);
        Assert.Equal("failed", status.GetProperty("state").GetString());
        Assert.Equal(SmallJob.Parts - 1, status.GetProperty("partsDone").GetInt32());
        var failed = Assert.Single(status.GetProperty("failed").EnumerateArray());
        Assert.Equal(Poison, failed.GetProperty("part").GetInt32());
        Assert.Equal("worker", failed.GetProperty("worker").GetString()!.Split(' ')[0]);
        Assert.Contains("The list of images", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(3, worker.Text.Split("a part failed: The list of images").Length - 1);
        Assert.Contains($"failed part {Poison} of job {job}", ClusterProcess.Run(["status", job, .. cluster]), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(small.Output("out"), "manifest.json")));

        // What the message says helps: the list is written anew, and only the part that is missing is made.
        Assert.Equal(job, small.Submit("out"));
        Assert.Equal("done", (await ClusterProcess.EndOfAsync(job, cluster, worker)).GetProperty("state").GetString());
        Assert.Equal(SmallJob.Photos, FeatureSet.Open(small.Output("out")).RowCount);
    }

    /// <summary>Puts a byte that no JSON begins with where the images of a part begin.</summary>
    private static void Damage(string list, int part)
    {
        var bytes = File.ReadAllBytes(list);
        var start = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(part * sizeof(long)));
        Assert.Equal("[", Encoding.ASCII.GetString(bytes, start, 1));
        bytes[start] = (byte)'x';
        File.WriteAllBytes(list, bytes);
    }
}
