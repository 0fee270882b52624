using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Conversion.Hdf5;

/// <summary>
/// An HDF5 file in memory, as far as h5py writes it by default (HDF5 File Format Specification 3.0: superblocks 0 to 3, object headers 1
/// and 2, symbol tables and compact links, contiguous, compact and chunked data). Every read is checked against the file's end, and the
/// sum of all reads against a budget, so that a damaged file with loops or false sizes ends in one error. That is why the reader is our
/// own: the readers on NuGet hang on such files or ask for gigabytes.
/// </summary>
internal sealed class Hdf5File
{
    /// <summary>The address that stands for none.</summary>
    public const ulong Undefined = ulong.MaxValue;

    private const int LeastBudget = 1 << 22;
    private const long MostTimesFile = 16;

    private static readonly byte[] s_signature = [0x89, .. "HDF\r\n\u001a\n"u8];

    private readonly ReadOnlyMemory<byte> _data;
    private readonly long _budget;
    private readonly long _base;
    private long _used;

    private Hdf5File(ReadOnlyMemory<byte> data, string source)
    {
        (_data, Source, _budget) = (data, source, LeastBudget + (MostTimesFile * data.Length));
        var at = SignatureAt(data.Span);
        if (at < 0) Throw.NotHdf5(source, data.Length);
        _base = at;
        var version = Byte(8);
        if (version > 3) Throw.Hdf5Unsupported(source, $"its superblock has version {version}");
        var sizes = version < 2 ? 13 : 9;
        if (Byte(sizes) != 8 || Byte(sizes + 1) != 8) Throw.Hdf5Unsupported(source, $"its addresses have {Byte(sizes)} bytes and its lengths {Byte(sizes + 1)} instead of 8");
        // The address of the root group's header: behind four addresses and the offset of its name, or behind three addresses.
        Root = new Hdf5Object(this, Address(version switch { 0 => 64, 1 => 68, _ => 36 }), "/");
    }

    public string Source { get; }

    public long Length => _data.Length;

    public Hdf5Object Root { get; }

    /// <exception cref="InvalidDataException">The bytes are not an HDF5 file, or are damaged.</exception>
    public static Hdf5File Open(ReadOnlyMemory<byte> data, string source) => new(data, source);

    public static bool HasSignature(ReadOnlySpan<byte> data) => SignatureAt(data) >= 0;

    /// <summary>At byte 0, or behind a user block of 512, 1024, 2048, ... bytes.</summary>
    private static long SignatureAt(ReadOnlySpan<byte> data)
    {
        for (long at = 0; at + 64 <= data.Length; at = at == 0 ? 512 : at * 2)
            if (data[(int)at..].StartsWith(s_signature)) return at;
        return -1;
    }

    /// <summary>Bytes at an address, which counts from the superblock.</summary>
    public ReadOnlyMemory<byte> Slice(ulong address, ulong count, string what)
    {
        if (address > (ulong)_data.Length || count > (ulong)_data.Length || address + (ulong)_base + count > (ulong)_data.Length)
            Throw.Hdf5Damaged(Source, address, $"{what} of {count} bytes goes past the end of the file ({_data.Length} bytes)");
        Spend((long)count, address);
        return _data.Slice((int)((long)address + _base), (int)count);
    }

    public void Spend(long bytes, ulong address)
    {
        // A byte that is looked at costs something as well, so that loops over little end.
        _used += bytes + 8;
        if (_used > _budget) Throw.Hdf5Damaged(Source, address, "its parts refer to each other so often that reading them has no end");
    }

    public byte Byte(ulong address) => Slice(address, 1, "a number").Span[0];

    private byte Byte(int address) => Byte((ulong)address);

    public ushort UInt16(ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(address, 2, "a number").Span);

    public uint UInt32(ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(address, 4, "a number").Span);

    public ulong Address(ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(address, 8, "an address").Span);

    private ulong Address(int address) => Address((ulong)address);

    public void Expect(ulong address, ReadOnlySpan<byte> mark)
    {
        if (!Slice(address, (ulong)mark.Length, "a mark").Span.SequenceEqual(mark)) Throw.Hdf5Damaged(Source, address, $"the mark {Encoding.ASCII.GetString(mark)} is missing");
    }

    /// <summary>An object of a global heap: the content of a text of variable length.</summary>
    public ReadOnlyMemory<byte> HeapObject(ulong collection, uint index)
    {
        Expect(collection, "GCOL"u8);
        var size = Address(collection + 8);
        for (var at = 16UL; at + 16 <= size;)
        {
            var (found, bytes) = (UInt16(collection + at), Address(collection + at + 8));
            if (found == index) return Slice(collection + at + 16, bytes, "a text");
            if (found == 0 || bytes > size) break;
            at += 16 + ((bytes + 7) / 8 * 8);
        }

        Throw.Hdf5Damaged(Source, collection, $"object {index} of a heap is missing");
        return default;
    }
}
