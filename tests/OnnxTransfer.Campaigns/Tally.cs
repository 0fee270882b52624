namespace OnnxTransfer.Campaigns;

/// <summary>What the tries of one kind came to.</summary>
internal sealed record Tally
{
    /// <summary>Faults that were made.</summary>
    public int Tries { get; set; }

    /// <summary>Faults that met the work in progress; the others came before it began or after it ended.</summary>
    public int Struck { get; set; }

    /// <summary>Tries after which the new content was there.</summary>
    public int Finished { get; set; }

    /// <summary>Temporary files that the faults left, all of which the next write must remove.</summary>
    public int Leftovers { get; set; }

    /// <summary>Tries after which something was gone that had been finished, or the next run was not right.</summary>
    public int Lost { get; set; }

    /// <summary>Tries after which a file was neither the old nor the new one.</summary>
    public int Torn { get; set; }

    /// <summary>The most finished rows that one try cost.</summary>
    public int MostRowsLost { get; set; }

    public int Survived => Tries - Lost - Torn;
}
