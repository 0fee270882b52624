using System.Runtime.InteropServices;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Files;

/// <summary>A writer of a format that begins with what is known only at the end: the numbers wait in a second file beside the target, the names in memory.</summary>
internal abstract class SpooledWriter : FeatureWriter
{
    private readonly PendingFile? _vectors;

    private protected SpooledWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone)
    {
        try
        {
            _vectors = AtomicFile.Begin(path);
        }
        catch
        {
            // Nobody else has this object yet.
            Dispose();
            throw;
        }
    }

    private protected RowNames Names { get; } = new();

    private protected sealed override void Write(ReadOnlySpan<float> vector, string? id, string? label)
    {
        _vectors!.Stream.Write(MemoryMarshal.AsBytes(vector));
        Names.Add(id, label);
    }

    /// <summary>Writes all numbers, row by row.</summary>
    private protected void CopyVectorsTo(Stream stream)
    {
        _vectors!.Stream.Position = 0;
        _vectors!.Stream.CopyTo(stream, 1 << 20);
    }

    private protected sealed override void Free() => _vectors?.Dispose();
}
