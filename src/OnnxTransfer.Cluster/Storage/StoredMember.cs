namespace OnnxTransfer.Cluster.Storage;

/// <summary>What a row of the table of members holds beside its columns.</summary>
internal sealed record StoredMember(int ProxyPort, string HostName, string SiloName, string? RoleName, int UpdateZone, int FaultZone, DateTime StartTime, IReadOnlyList<StoredSuspicion> Suspicions)
{
    internal static StoredMember Of(MembershipEntry entry) => new(
        entry.ProxyPort, entry.HostName, entry.SiloName, entry.RoleName, entry.UpdateZone, entry.FaultZone, DateTime.SpecifyKind(entry.StartTime, DateTimeKind.Utc),
        [.. (entry.SuspectTimes ?? []).Select(suspect => new StoredSuspicion(suspect.Item1.ToParsableString(), DateTime.SpecifyKind(suspect.Item2, DateTimeKind.Utc)))]);

    internal MembershipEntry ToEntry() => new()
    {
        ProxyPort = ProxyPort,
        HostName = HostName,
        SiloName = SiloName,
        RoleName = RoleName,
        UpdateZone = UpdateZone,
        FaultZone = FaultZone,
        StartTime = StartTime,
        SuspectTimes = [.. Suspicions.Select(suspicion => Tuple.Create(SiloAddress.FromParsableString(suspicion.By), suspicion.At))],
    };
}

/// <summary>A silo holds another for dead.</summary>
internal sealed record StoredSuspicion(string By, DateTime At);
