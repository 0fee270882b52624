using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace OnnxTransfer.Parquet;

/// <summary>Writes the rows of a Parquet file in groups, which are the most that is in memory.</summary>
internal sealed class ParquetFeatureWriter : FeatureWriter
{
    /// <summary>Numbers of a group, 16 MB: some thousand rows, as readers like them.</summary>
    private const int GroupValues = 1 << 22;

    private static readonly DataField s_id = new DataField<string>("id");
    private static readonly DataField s_label = new DataField<string>("label");

    private readonly DataField<float> _element = new("element", false);
    private readonly ParquetSchema _schema;
    private readonly List<string?> _ids = [];
    private readonly List<string?> _labels = [];
    private readonly float[] _values;
    private readonly int _groupRows;
    private ParquetWriter? _writer;

    internal ParquetFeatureWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone)
    {
        _schema = new ParquetSchema(s_id, s_label, new ListField("features", _element));
        _groupRows = Math.Max(1, GroupValues / dim);
        _values = new float[_groupRows * dim];
    }

    private protected override void Write(ReadOnlySpan<float> vector, string? id, string? label)
    {
        vector.CopyTo(_values.AsSpan(_ids.Count * Dim));
        _ids.Add(id);
        _labels.Add(label);
        if (_ids.Count == _groupRows) WriteGroup();
    }

    private protected override void Finish()
    {
        if (_ids.Count > 0 || _writer is null) WriteGroup();
        // Its end writes the footer, which is the file's table of contents.
        _writer!.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void WriteGroup()
    {
        _writer ??= Open();
        using (var group = _writer.CreateRowGroup()) WriteAsync(group).GetAwaiter().GetResult();
        _ids.Clear();
        _labels.Clear();
    }

    private ParquetWriter Open()
    {
        // The rows go to a file, so that nothing here waits for another thread.
        var writer = ParquetWriter.CreateAsync(_schema, Stream, new ParquetOptions { CompressionMethod = CompressionMethod.None }).GetAwaiter().GetResult();
        var metadata = new Dictionary<string, string> { ["dim"] = Dim.ToString(CultureInfo.InvariantCulture) };
        if (Backbone is not null) metadata["backbone"] = Backbone;
        writer.CustomMetadata = metadata;
        return writer;
    }

    private async Task WriteAsync(ParquetRowGroupWriter group)
    {
        var count = _ids.Count * Dim;
        var (definitions, repetitions) = (new int[count], new int[count]);
        // Each number is there; it begins a list (0) or goes on with it (1).
        Array.Fill(definitions, _element.MaxDefinitionLevel);
        for (var i = 0; i < count; i++) repetitions[i] = i % Dim == 0 ? 0 : 1;
        await group.WriteAsync(s_id, _ids).ConfigureAwait(false);
        await group.WriteAsync(s_label, _labels).ConfigureAwait(false);
        await group.WriteAllPartsAsync<float>(_element, _values.AsMemory(0, count), definitions, repetitions, CancellationToken.None).ConfigureAwait(false);
    }
}
