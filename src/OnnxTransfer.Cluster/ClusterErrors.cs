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
        $"This worker computes on {own}, but the job demands one provider for all parts and began on {job}: start this worker with --provider {job.ToLowerInvariant()}, or submit the job without --require-same-provider.";

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
