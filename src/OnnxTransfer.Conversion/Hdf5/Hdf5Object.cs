using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Conversion.Hdf5;

/// <summary>A group or an array of a file: its header's messages, read when the object is opened.</summary>
internal sealed class Hdf5Object
{
    private const int MostDepth = 64;

    private readonly Hdf5File _file;
    private readonly ulong _address;
    private readonly SortedDictionary<string, ulong> _children = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Hdf5Value> _attributes = new(StringComparer.Ordinal);
    private Hdf5Type? _type;
    private long[]? _shape;
    private ReadOnlyMemory<byte>? _layout;
    private ReadOnlyMemory<byte>? _filters;

    public Hdf5Object(Hdf5File file, ulong address, string path)
    {
        (_file, _address, Path) = (file, address, path);
        if (file.Slice(address, 4, "an object's header").Span.SequenceEqual("OHDR"u8)) ReadHeader2();
        else ReadHeader1();
    }

    public string Path { get; }

    /// <summary>The names of what a group holds, in ordinal order.</summary>
    public IReadOnlyCollection<string> Children => _children.Keys;

    public bool IsArray => _layout is not null;

    public Hdf5Object? Child(string name) =>
        _children.TryGetValue(name, out var address) ? new Hdf5Object(_file, address, Path.TrimEnd('/') + "/" + name) : null;

    /// <summary>What lies at a path of names with slashes between; null if there is nothing.</summary>
    public Hdf5Object? Find(string path)
    {
        var at = this;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = at.Child(name);
            if (at is null) return null;
        }

        return at;
    }

    /// <summary>The texts of an attribute; null if the object has none of that name.</summary>
    public string[]? Texts(string attribute) => _attributes.TryGetValue(attribute, out var value) ? value.Texts(_file) : null;

    /// <summary>An array of real numbers as float32.</summary>
    public (int[] Shape, float[] Values) ReadFloats()
    {
        if (_layout is not { } layout || _type is not { } type || _shape is null) { Throw.Hdf5Unsupported(_file.Source, $"'{Path}' is not an array of numbers"); return default; }
        if (!type.IsNumber) Throw.Hdf5Unsupported(_file.Source, $"the array '{Path}' holds {type.Name} instead of little-endian real numbers of 2, 4 or 8 bytes or integers");
        var bytes = Hdf5Storage.Read(_file, _address, Path, layout, _filters, _shape, type.Size);
        return ([.. _shape.Select(s => (int)s)], type.ToFloats(bytes.Span));
    }

    private void ReadHeader1()
    {
        if (_file.Byte(_address) != 1) Throw.Hdf5Damaged(_file.Source, _address, "an object's header has an unknown version");
        var open = new Queue<(ulong At, ulong Size)>([(_address + 16, _file.UInt32(_address + 8))]);
        while (open.TryDequeue(out var block))
        {
            _file.Spend((long)Math.Min(block.Size, int.MaxValue), block.At);
            for (var at = block.At; at + 8 <= block.At + block.Size;)
            {
                var (type, size, flags) = (_file.UInt16(at), _file.UInt16(at + 2), _file.Byte(at + 4));
                Read(type, flags, _file.Slice(at + 8, size, "a message"), open, at);
                at += 8UL + size;
            }
        }
    }

    private void ReadHeader2()
    {
        if (_file.Byte(_address + 4) != 2) Throw.Hdf5Damaged(_file.Source, _address, "an object's header has an unknown version");
        var flags = _file.Byte(_address + 5);
        var at = _address + 6 + ((flags & 0x20) != 0 ? 16UL : 0) + ((flags & 0x10) != 0 ? 4UL : 0);
        var width = 1 << (flags & 3);
        var size = Number(_file.Slice(at, (ulong)width, "a size").Span);
        var open = new Queue<(ulong At, ulong Size)>([(at + (ulong)width, size)]);
        var first = true;
        while (open.TryDequeue(out var block))
        {
            var (start, end) = (block.At, block.At + block.Size);
            if (!first)
            {
                _file.Expect(start, "OCHK"u8);
                (start, end) = (start + 4, end - 4);
            }

            first = false;
            _file.Spend((long)Math.Min(block.Size, int.MaxValue), block.At);
            var head = 4UL + ((flags & 4) != 0 ? 2UL : 0);
            while (start + head <= end)
            {
                var (type, bytes, own) = (_file.Byte(start), _file.UInt16(start + 1), _file.Byte(start + 3));
                Read(type, own, _file.Slice(start + head, bytes, "a message"), open, start);
                start += head + bytes;
            }
        }
    }

    internal static ulong Number(ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var i = bytes.Length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return value;
    }

    private void Read(int type, byte flags, ReadOnlyMemory<byte> message, Queue<(ulong, ulong)> open, ulong at)
    {
        try
        {
            if ((flags & 2) != 0 && type is 0x01 or 0x03 or 0x08 or 0x0B) Throw.Hdf5Unsupported(_file.Source, $"'{Path}' shares its description with other objects");
            switch (type)
            {
                case 0x01: _shape = Shape(message.Span); break;
                case 0x02: RefuseDenseLinks(message.Span); break;
                case 0x03: _type = Hdf5Type.Parse(message.Span); break;
                case 0x06: ReadLink(message.Span); break;
                case 0x08: _layout = message; break;
                case 0x0B: _filters = message; break;
                case 0x0C: ReadAttribute(message); break;
                case 0x10: open.Enqueue((BinaryPrimitives.ReadUInt64LittleEndian(message.Span), BinaryPrimitives.ReadUInt64LittleEndian(message.Span[8..]))); break;
                case 0x11: ReadSymbols(BinaryPrimitives.ReadUInt64LittleEndian(message.Span), BinaryPrimitives.ReadUInt64LittleEndian(message.Span[8..]), 0); break;
                case 0x15: RefuseDenseAttributes(message.Span); break;
                default: break;
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            Throw.Hdf5Damaged(_file.Source, at, $"a message of '{Path}' is shorter than its content");
        }
    }

    /// <summary>The sides of an array; none for a single value, null for none at all.</summary>
    internal static long[]? Shape(ReadOnlySpan<byte> message)
    {
        var (version, rank) = (message[..2][0], message[1..2][0]);
        if (version == 2 && message[3..4][0] == 2) return null;
        var at = version == 1 ? 8 : 4;
        var sides = new long[rank];
        for (var i = 0; i < rank; i++, at += 8) sides[i] = BinaryPrimitives.ReadInt64LittleEndian(message[at..]);
        return sides;
    }

    private void RefuseDenseLinks(ReadOnlySpan<byte> message)
    {
        var at = (message[1..2][0] & 1) != 0 ? 10 : 2;
        if (BinaryPrimitives.ReadUInt64LittleEndian(message[at..]) != Hdf5File.Undefined) Throw.Hdf5Unsupported(_file.Source, $"the group '{Path}' is stored in the dense form of newer versions; write the file again with h5py's default, without libver='latest'");
    }

    private void RefuseDenseAttributes(ReadOnlySpan<byte> message)
    {
        var at = (message[1..2][0] & 1) != 0 ? 4 : 2;
        if (BinaryPrimitives.ReadUInt64LittleEndian(message[at..]) != Hdf5File.Undefined) Throw.Hdf5Unsupported(_file.Source, $"the attributes of '{Path}' are stored in the dense form of newer versions; write the file again with h5py's default, without libver='latest'");
    }

    /// <summary>A link of a group that is stored without a symbol table.</summary>
    private void ReadLink(ReadOnlySpan<byte> message)
    {
        var flags = message[1..2][0];
        var at = 2;
        var kind = 0;
        if ((flags & 8) != 0) kind = message[at++];
        if ((flags & 4) != 0) at += 8;
        if ((flags & 16) != 0) at++;
        var width = 1 << (flags & 3);
        var length = (int)Math.Min(int.MaxValue, Number(message.Slice(at, width)));
        var name = Encoding.UTF8.GetString(message.Slice(at + width, length));
        if (kind == 0) _children[name] = BinaryPrimitives.ReadUInt64LittleEndian(message[(at + width + length)..]);
    }

    /// <summary>A group's symbol table: a B-tree whose leaves list names in a heap.</summary>
    private void ReadSymbols(ulong tree, ulong heap, int depth)
    {
        if (depth > MostDepth) Throw.Hdf5Damaged(_file.Source, tree, "a tree has no end");
        _file.Expect(tree, "TREE"u8);
        _file.Expect(heap, "HEAP"u8);
        var names = _file.Address(heap + 24);
        var namesSize = _file.Address(heap + 8);
        var (level, count) = (_file.Byte(tree + 5), _file.UInt16(tree + 6));
        for (var i = 0UL; i < count; i++)
        {
            var child = _file.Address(tree + 32 + (16 * i));
            if (level > 0)
            {
                ReadSymbols(child, heap, depth + 1);
                continue;
            }

            _file.Expect(child, "SNOD"u8);
            var symbols = _file.UInt16(child + 6);
            for (var s = 0UL; s < symbols; s++)
            {
                var entry = child + 8 + (40 * s);
                var at = _file.Address(entry);
                if (at >= namesSize) Throw.Hdf5Damaged(_file.Source, entry, "a name lies outside of its heap");
                var rest = _file.Slice(names + at, Math.Min(namesSize - at, 1024), "a name").Span;
                var end = rest.IndexOf((byte)0);
                if (end < 0) Throw.Hdf5Damaged(_file.Source, entry, "a name has no end");
                // Kind 2 is a symbolic link, which Keras does not write.
                if (_file.UInt32(entry + 16) != 2) _children[Encoding.UTF8.GetString(rest[..end])] = _file.Address(entry + 8);
            }
        }
    }

    private void ReadAttribute(ReadOnlyMemory<byte> message)
    {
        var head = message.Span;
        var version = head[..1][0];
        var (nameSize, typeSize, shapeSize) = (BinaryPrimitives.ReadUInt16LittleEndian(head[2..]), BinaryPrimitives.ReadUInt16LittleEndian(head[4..]), BinaryPrimitives.ReadUInt16LittleEndian(head[6..]));
        int Padded(int size) => version == 1 ? (size + 7) / 8 * 8 : size;
        var at = version == 3 ? 9 : 8;
        var name = Encoding.UTF8.GetString(head.Slice(at, nameSize)).TrimEnd('\0');
        at += Padded(nameSize);
        var type = Hdf5Type.Parse(head.Slice(at, typeSize));
        at += Padded(typeSize);
        var shape = Shape(head.Slice(at, shapeSize));
        at += Padded(shapeSize);
        _attributes[name] = new Hdf5Value(name, type, shape, message[at..]);
    }
}

/// <summary>An attribute: its type, its sides and its bytes.</summary>
internal sealed record Hdf5Value(string Name, Hdf5Type Type, long[]? Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The texts that it holds.</summary>
    public string[] Texts(Hdf5File file)
    {
        // An empty list is stored as one of real numbers, because NumPy's empty arrays are.
        if (Shape is null || Shape.Contains(0)) return [];
        if (!Type.IsText || Type.Size < 1) Throw.Hdf5Unsupported(file.Source, $"its attribute '{Name}' holds {Type.Name} instead of text");
        var count = Bytes.Length / Type.Size;
        if (Shape.Aggregate(1.0, (product, side) => product * side) is var stated && (stated < 0 || stated > count)) Throw.Hdf5Damaged(file.Source, 0, $"the attribute '{Name}' states {stated} texts, but has {count}");
        var texts = new string[(int)stated];
        for (var i = 0; i < texts.Length; i++)
        {
            var element = Bytes.Span.Slice(i * Type.Size, Type.Size);
            if (!Type.IsVariable) texts[i] = Encoding.UTF8.GetString(element).TrimEnd('\0');
            else
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(element);
                var content = length == 0 ? default : file.HeapObject(BinaryPrimitives.ReadUInt64LittleEndian(element[4..]), BinaryPrimitives.ReadUInt32LittleEndian(element[12..]));
                texts[i] = Encoding.UTF8.GetString(content.Span[..(int)Math.Min(length, (uint)content.Length)]).TrimEnd('\0');
            }
        }

        return texts;
    }
}
