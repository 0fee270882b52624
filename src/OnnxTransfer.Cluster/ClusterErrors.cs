using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Cluster;

/// <summary>The messages of this tool: what is wrong, where, what is right, what to do.</summary>
[StackTraceHidden]
internal static class ClusterErrors
{
    [DoesNotReturn]
    internal static void StateDamaged(string what) =>
        throw new InvalidDataException($"The stored state of the job is damaged ({what}): submit the job again under another cluster name; the parts that are written are used.");

    internal static string OtherVersion(string own, string other) =>
        $"This worker is version {own} of onnxtransfer-cluster, but the cluster runs version {other}: vectors of two versions may differ. Install version {other} here, or stop the other workers first.";

    internal static string JobOfOtherVersion(string own, string job) =>
        $"The job was submitted by version {job} of onnxtransfer-cluster, and this worker is version {own}: vectors of two versions may differ. Install version {job} here, or submit the job to a new folder by version {own}.";

    internal static string OtherNetwork(string backbone, string own, string job) =>
        $"The network '{backbone}' of this worker is not the job's (its network and preprocessing have the hash {Short(own)}, the job's {Short(job)}): give this worker the file that the job was submitted with.";

    internal static string OtherProvider(string own, string job) =>
        $"This worker computes by {own}, but the job demands one kind of machine for all parts and began by {job}: let machines of that kind work on it, or submit the images to a new folder without --require-same-provider.";

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;

    internal static DirectoryNotFoundException StoreNotFound(string path) =>
        new($"There is no folder '{path}' (looked for {Path.GetFullPath(path)}): give --store the folder that all machines of the cluster share.");

    internal static InvalidDataException OutsideStore(string path) =>
        new($"The job names '{path}', which is outside the store: submit it with paths below --store.");

    internal static IOException StoreLost(string folder) =>
        new($"The images and '{folder}' are gone.");

    internal static IOException JobFilesNotFound(string folder) =>
        new($"'{folder}' or its list of images is not there: does --store name the same folder as on the machine that submitted the job?");

    internal static OnnxTransferException PlanIsAnother(string folder) =>
        new($"'{folder}' has another plan than the job: it was planned anew after the job was submitted. Cancel the job and submit it again.");

    internal static InvalidDataException ListDamaged(string path) =>
        new($"The list of images '{path}' is damaged: cancel the job and submit it again; the parts that are written are used.");

    /// <summary>The first line of a message, ended as a sentence.</summary>
    internal static string OneLine(string message)
    {
        var line = message.Split('\n', 2)[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }

    internal static OnnxTransferException NoWorker(string cluster, string database) =>
        new($"No worker is in the cluster '{cluster}' at {database}: start one with `onnxtransfer-cluster worker`, then try again.");

    internal static OnnxTransferException NoDatabase(string database, Exception inner) =>
        new($"The database {database} cannot be reached: {OneLine(inner.GetBaseException().Message)} Check --membership, the server, and the password in PGPASSWORD or ~/.pgpass.", inner);

    internal static OnnxTransferException NoAnswer(string cluster, string database, Exception inner) =>
        new($"No worker of the cluster '{cluster}' at {database} answers ({OneLine(inner.GetBaseException().Message)}): is one running, and does it use the same TLS files as this command?", inner);

    internal static OnnxTransferException NoSuchJob(string job) =>
        new($"There is no job '{job}' in this cluster: `onnxtransfer-cluster status` lists them.");

    internal static ArgumentException NotInStore(string path, string store) =>
        new($"'{path}' is not in the store '{store}': images, output and a network of your own must be in the folder that all machines share.");
}
