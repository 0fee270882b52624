using System.IO.Compression;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Files;

/// <summary>A zip of NumPy arrays, as <c>numpy.savez</c> writes it: <c>features</c>, <c>ids</c> and <c>labels</c>.</summary>
internal sealed class NpzWriter : SpooledWriter
{
    /// <summary>The least time a zip can state, as <c>numpy.savez</c> does: the same rows give the same bytes.</summary>
    private static readonly DateTimeOffset s_time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal NpzWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone)
    {
    }

    private protected override void Finish()
    {
        using var archive = new ZipArchive(Stream, ZipArchiveMode.Create, leaveOpen: true);
        using (var features = Entry(archive, "features"))
        {
            features.Write(NpyHeader.OfMatrix(RowCount, Dim));
            CopyVectorsTo(features);
        }

        if (HasIds) WriteTexts(archive, "ids", Names.Ids);
        if (Names.HasLabels) WriteTexts(archive, "labels", Names.Labels);
        if (Backbone is not null) WriteTexts(archive, "backbone", [Backbone]);
    }

    private static Stream Entry(ZipArchive archive, string name)
    {
        var entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
        entry.LastWriteTime = s_time;
        return entry.Open();
    }

    /// <summary>Texts of NumPy's type U: each as long as the longest, in UTF-32.</summary>
    private static void WriteTexts(ZipArchive archive, string name, IReadOnlyList<string?> texts)
    {
        using var stream = Entry(archive, name);
        var length = Math.Max(1, texts.Max(text => text is null ? 0 : text.EnumerateRunes().Count()));
        stream.Write(NpyHeader.OfTexts(texts.Count, length));
        var padded = new byte[length * sizeof(int)];
        foreach (var text in texts)
        {
            Array.Clear(padded);
            Encoding.UTF32.GetBytes(text ?? "", padded);
            stream.Write(padded);
        }
    }
}
