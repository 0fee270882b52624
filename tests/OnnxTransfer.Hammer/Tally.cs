namespace OnnxTransfer.Hammer;

/// <summary>What the rounds of one call came to.</summary>
internal sealed class Tally
{
    /// <summary>Calls that gave their result.</summary>
    internal int Answered;

    /// <summary>Calls that threw an <see cref="ObjectDisposedException"/>.</summary>
    internal int Refused;

    internal int Rounds { get; set; }

    /// <summary>Rounds in which at least one call was in flight when disposal began.</summary>
    internal int Met { get; set; }
}
