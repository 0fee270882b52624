namespace OnnxTransfer.Campaigns;

/// <summary>What one try showed.</summary>
internal sealed record Verdict
{
    /// <summary>Whether the fault met the work in progress.</summary>
    public bool Struck { get; init; }

    /// <summary>Whether the new content was there afterward.</summary>
    public bool Finished { get; init; }

    /// <summary>Temporary files that were there afterward.</summary>
    public int Leftovers { get; init; }

    /// <summary>What is gone, or not right in the next run; null for nothing.</summary>
    public string? Lost { get; init; }

    /// <summary>What is half there; null for nothing.</summary>
    public string? Torn { get; init; }

    /// <summary>Finished rows that the next run computes again.</summary>
    public int RowsLost { get; init; }
}
