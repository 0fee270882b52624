using System.Diagnostics.Metrics;

namespace OnnxTransfer.Cluster;

/// <summary>The metrics of coordinators, under the name OnnxTransfer.Cluster; OpenTelemetry and `dotnet-counters` read them.</summary>
internal static class ClusterMeter
{
    internal const string Name = "OnnxTransfer.Cluster";

    private static readonly Meter s_meter = new(Name);
    private static readonly Counter<long> s_parts = s_meter.CreateCounter<long>("onnxtransfer.cluster.parts", "{part}", "Parts that are done.");
    private static readonly Counter<long> s_images = s_meter.CreateCounter<long>("onnxtransfer.cluster.images", "{image}", "Images of the parts that are done.");
    private static readonly Counter<long> s_lost = s_meter.CreateCounter<long>("onnxtransfer.cluster.leases.lost", "{lease}", "Leases that ended without a report of their worker.");
    private static readonly Counter<long> s_failed = s_meter.CreateCounter<long>("onnxtransfer.cluster.parts.failed", "{part}", "Parts that were given up.");

    internal static void PartDone(int images)
    {
        s_parts.Add(1);
        s_images.Add(images);
    }

    internal static void PartFailed() => s_failed.Add(1);

    internal static void LeasesLost(long number)
    {
        if (number > 0) s_lost.Add(number);
    }
}
