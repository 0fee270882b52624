using System.Runtime.InteropServices;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Files;

/// <summary>A NumPy array; it has no room for ids, which come in a file beside it.</summary>
internal sealed class NpyWriter : FeatureWriter
{
    private readonly RowNames _names = new();

    internal NpyWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone) => Stream.Write(NpyHeader.OfMatrix(0, dim));

    private protected override void Write(ReadOnlySpan<float> vector, string? id, string? label)
    {
        // Before the work of a long run.
        if (RowCount == 0 && id is not null) NpyNames.RequireReplaceable(Target);
        Stream.Write(MemoryMarshal.AsBytes(vector));
        _names.Add(id, label);
    }

    private protected override void Finish()
    {
        // The header has the same length for any number of rows.
        Stream.Position = 0;
        Stream.Write(NpyHeader.OfMatrix(RowCount, Dim));
    }

    private protected override PendingFile? Describe() => HasIds ? new NpyNames(Backbone, RowCount, Dim, _names.Ids, _names.Labels).Begin(Target) : null;
}
