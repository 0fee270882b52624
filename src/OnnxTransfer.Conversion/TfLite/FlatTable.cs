using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// The bytes of a FlatBuffers file. Every read is checked against the file's end, and the sum of all reads is checked against a budget.
/// Tables may legally refer to the same bytes many times, and a damaged or hostile file does so without end.
/// </summary>
internal sealed class FlatFile(ReadOnlyMemory<byte> data, string source)
{
    private const int LeastBudget = 1 << 20;

    private readonly long _budget = Math.Max(LeastBudget, 4L * data.Length);
    private long _used;

    public ReadOnlyMemory<byte> Data { get; } = data;

    public string Source { get; } = source;

    public FlatTable Root() => new(this, Offset(0));

    public ReadOnlySpan<byte> Slice(long position, long count, string what)
    {
        if (position < 0 || count < 0 || position + count > Data.Length)
            Throw.Damaged(Source, position, $"{what} of {count} bytes goes past the end of the file ({Data.Length} bytes)");
        return Data.Span.Slice((int)position, (int)count);
    }

    /// <summary>The target of a relative offset.</summary>
    public int Offset(long position)
    {
        var target = position + BinaryPrimitives.ReadUInt32LittleEndian(Slice(position, 4, "an offset"));
        if (target >= Data.Length) Throw.Damaged(Source, position, $"an offset points to byte {target} past the end of the file ({Data.Length} bytes)");
        return (int)target;
    }

    /// <summary>Accounts for bytes that are about to be copied out of the file.</summary>
    public void Spend(long bytes)
    {
        _used += bytes;
        if (_used > _budget) Throw.Amplified(Source, _budget);
    }
}

/// <summary>A table of a FlatBuffers file: fields by slot number, each with the schema's default where it is absent.</summary>
internal readonly struct FlatTable
{
    /// <summary>The least cost of an object made from a table; it counts tables in the budget too.</summary>
    private const int TableCost = 64;

    private readonly FlatFile _file;
    private readonly int _at;
    private readonly int _slots;
    private readonly int _slotCount;

    public FlatTable(FlatFile file, int position)
    {
        file.Spend(TableCost);
        _file = file;
        _at = position;
        var toSlots = BinaryPrimitives.ReadInt32LittleEndian(file.Slice(position, 4, "a table"));
        var slots = (long)position - toSlots;
        var bytes = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(slots, 2, "a table's list of fields"));
        file.Slice(slots, Math.Max(bytes, (ushort)4), "a table's list of fields");
        _slots = (int)slots;
        _slotCount = Math.Max(0, (bytes - 4) / 2);
    }

    public bool Has(int slot) => Field(slot) != 0;

    public byte UInt8(int slot, byte otherwise = 0) => Field(slot) is var at and not 0 ? _file.Slice(at, 1, "a byte")[0] : otherwise;

    public bool Bool(int slot) => UInt8(slot) != 0;

    public int Int32(int slot, int otherwise = 0) =>
        Field(slot) is var at and not 0 ? BinaryPrimitives.ReadInt32LittleEndian(_file.Slice(at, 4, "a number")) : otherwise;

    public float Float(int slot, float otherwise = 0) =>
        Field(slot) is var at and not 0 ? BinaryPrimitives.ReadSingleLittleEndian(_file.Slice(at, 4, "a number")) : otherwise;

    public FlatTable? Table(int slot) => Field(slot) is var at and not 0 ? new FlatTable(_file, _file.Offset(at)) : null;

    public IReadOnlyList<FlatTable> Tables(int slot)
    {
        var (start, count) = Vector(slot, 4);
        var tables = new List<FlatTable>();
        for (var i = 0; i < count; i++) tables.Add(new FlatTable(_file, _file.Offset(start + (4L * i))));
        return tables;
    }

    public int[] Ints(int slot)
    {
        var (start, count) = Vector(slot, 4);
        _file.Spend(4L * count);
        var values = new int[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(_file.Slice(start + (4L * i), 4, "a number"));
        return values;
    }

    public float[] Floats(int slot)
    {
        var (start, count) = Vector(slot, 4);
        _file.Spend(4L * count);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(_file.Slice(start + (4L * i), 4, "a number"));
        return values;
    }

    public long[] Longs(int slot)
    {
        var (start, count) = Vector(slot, 8);
        _file.Spend(8L * count);
        var values = new long[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt64LittleEndian(_file.Slice(start + (8L * i), 8, "a number"));
        return values;
    }

    public string Text(int slot)
    {
        var (start, count) = Vector(slot, 1);
        _file.Spend(2L * count);
        return Encoding.UTF8.GetString(_file.Slice(start, count, "a text"));
    }

    /// <summary>Bytes in place, not copied.</summary>
    public ReadOnlyMemory<byte> Bytes(int slot)
    {
        var (start, count) = Vector(slot, 1);
        return _file.Data.Slice(start, count);
    }

    private (int Start, int Count) Vector(int slot, int width)
    {
        var at = Field(slot);
        if (at == 0) return (0, 0);
        var vector = _file.Offset(at);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(_file.Slice(vector, 4, "a list"));
        _file.Slice(vector + 4L, (long)count * width, "a list");
        return (vector + 4, (int)count);
    }

    /// <summary>The position of a field; 0 when the table does not have it.</summary>
    private long Field(int slot)
    {
        if (slot >= _slotCount) return 0;
        var relative = BinaryPrimitives.ReadUInt16LittleEndian(_file.Slice(_slots + 4L + (2L * slot), 2, "a field"));
        return relative == 0 ? 0 : (long)_at + relative;
    }
}
