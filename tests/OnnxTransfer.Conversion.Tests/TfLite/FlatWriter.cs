using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>A table to be written: values by slot, each a number, a list, a text, another table or a list of tables.</summary>
internal sealed class FlatNode : SortedDictionary<int, object>;

/// <summary>Writes FlatBuffers front to back: a table's list of fields, the table, then what it refers to.</summary>
internal sealed class FlatWriter
{
    private readonly List<byte> _bytes = [];

    public static byte[] Write(FlatNode root, string identifier)
    {
        var writer = new FlatWriter();
        writer.UInt32(0);
        writer._bytes.AddRange(Encoding.ASCII.GetBytes(identifier));
        writer.PointTo(0, writer.Table(root));
        return [.. writer._bytes];
    }

    private int Table(FlatNode node)
    {
        Align(4);
        var slots = node.Count == 0 ? 0 : node.Keys.Max() + 1;
        var list = _bytes.Count;
        UInt16((ushort)(4 + (2 * slots)));
        UInt16((ushort)(4 + (4 * node.Count)));
        for (var slot = 0; slot < slots; slot++)
            UInt16(node.ContainsKey(slot) ? (ushort)(4 + (4 * node.Keys.TakeWhile(k => k < slot).Count())) : (ushort)0);
        Align(4);
        var table = _bytes.Count;
        UInt32((uint)(table - list));
        foreach (var value in node.Values) Inline(value);
        var field = table + 4;
        foreach (var value in node.Values)
        {
            if (Referenced(value) is { } target) PointTo(field, target);
            field += 4;
        }

        return table;
    }

    private void Inline(object value) => UInt32(value switch
    {
        bool b => b ? 1u : 0u,
        byte b => b,
        int i => (uint)i,
        uint u => u,
        float f => BitConverter.SingleToUInt32Bits(f),
        _ => 0,
    });

    /// <summary>Writes what a field refers to; null for a plain number.</summary>
    private int? Referenced(object value)
    {
        if (value is FlatNode node) return Table(node);
        if (value is FlatNode[] nodes)
        {
            Align(4);
            var vector = _bytes.Count;
            UInt32((uint)nodes.Length);
            for (var i = 0; i < nodes.Length; i++) UInt32(0);
            for (var i = 0; i < nodes.Length; i++) PointTo(vector + 4 + (4 * i), Table(nodes[i]));
            return vector;
        }

        byte[]? content = value switch
        {
            string text => Encoding.UTF8.GetBytes(text),
            byte[] bytes => bytes,
            int[] ints => [.. ints.SelectMany(BitConverter.GetBytes)],
            float[] floats => [.. floats.SelectMany(BitConverter.GetBytes)],
            long[] longs => [.. longs.SelectMany(BitConverter.GetBytes)],
            _ => null,
        };
        if (content is null) return null;
        // The length stands four bytes before the elements, which are aligned to eight.
        while (_bytes.Count % 8 != 4) _bytes.Add(0);
        var start = _bytes.Count;
        UInt32((uint)(value is Array array ? array.Length : content.Length));
        _bytes.AddRange(content);
        _bytes.Add(0);
        return start;
    }

    private void PointTo(int field, int target)
    {
        Span<byte> offset = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(offset, (uint)(target - field));
        for (var i = 0; i < 4; i++) _bytes[field + i] = offset[i];
    }

    private void Align(int to)
    {
        while (_bytes.Count % to != 0) _bytes.Add(0);
    }

    private void UInt16(ushort value) => _bytes.AddRange([(byte)value, (byte)(value >> 8)]);

    private void UInt32(uint value) => _bytes.AddRange(BitConverter.GetBytes(value));
}
