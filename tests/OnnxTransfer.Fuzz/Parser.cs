namespace OnnxTransfer.Fuzz;

/// <summary>A reader of files that is written in C#, what it is given, and what it must keep to.</summary>
/// <param name="Name">What one types.</param>
/// <param name="Sound">The files to begin with.</param>
/// <param name="Tokens">Words that mean something to it.</param>
/// <param name="Read">Reads any bytes; throws what <see cref="Refuses"/> accepts where it likes, and nothing else ever.</param>
internal sealed record Parser(string Name, Func<byte[][]> Sound, string[] Tokens, Action<byte[]> Read)
{
    /// <summary>Whether an exception is the documented error.</summary>
    internal Func<Exception, bool> Refuses { get; init; } = exception => exception is ImageDecodeException;

    /// <summary>Longer inputs are cut: what they could find, shorter ones find sooner.</summary>
    internal int MostBytes { get; init; } = 8 << 10;

    /// <summary>How the full names of the types begin whose branches are counted.</summary>
    internal IReadOnlyList<string> Code { get; init; } = ["OnnxTransfer.Decoding."];
}
