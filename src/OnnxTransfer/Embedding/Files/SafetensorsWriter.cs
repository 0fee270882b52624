using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxTransfer.Embedding.Files;

/// <summary>
/// A safetensors file: the length of a JSON header in 8 bytes, the header, and the tensor <c>features</c>. A metadata value is a text, so
/// the ids and the labels are JSON inside one.
/// </summary>
internal sealed partial class SafetensorsWriter : SpooledWriter
{
    /// <summary>The longest header that the format's own library reads, in bytes.</summary>
    private const int LongestHeader = 100_000_000;

    /// <summary>The numbers begin at a multiple of this, so that they can be mapped into memory.</summary>
    private const int Alignment = 8;

    internal SafetensorsWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone)
    {
    }

    private protected override void Finish()
    {
        var metadata = new Dictionary<string, string>();
        if (Backbone is not null) metadata["backbone"] = Backbone;
        if (HasIds) metadata["ids"] = JsonSerializer.Serialize([.. Names.Ids], HeaderJson.Default.StringArray);
        if (Names.HasLabels) metadata["labels"] = JsonSerializer.Serialize([.. Names.Labels!], HeaderJson.Default.StringArray);
        var header = JsonSerializer.SerializeToUtf8Bytes(new Header(metadata, new Tensor("F32", [RowCount, Dim], [0, RowCount * Dim * sizeof(float)])), HeaderJson.Default.Header);
        if (header.Length > LongestHeader) throw Throw.TooManyIdsForSafetensors(Target, header.Length, LongestHeader);
        var padding = (Alignment - (header.Length % Alignment)) % Alignment;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(header.Length + padding));
        Stream.Write(length);
        Stream.Write(header);
        for (var i = 0; i < padding; i++) Stream.WriteByte((byte)' ');
        CopyVectorsTo(Stream);
    }

    private sealed record Header([property: JsonPropertyName("__metadata__")] Dictionary<string, string> Metadata, [property: JsonPropertyName("features")] Tensor Features);

    private sealed record Tensor([property: JsonPropertyName("dtype")] string Type, [property: JsonPropertyName("shape")] long[] Shape, [property: JsonPropertyName("data_offsets")] long[] Offsets);

    [JsonSerializable(typeof(Header))]
    [JsonSerializable(typeof(string[]))]
    private sealed partial class HeaderJson : JsonSerializerContext;
}
