using System.Buffers.Binary;
using System.IO.Compression;

namespace OnnxTransfer.Conversion.Hdf5;

/// <summary>The bytes of an array: in one run, inside its header, or in chunks that a B-tree lists and filters change.</summary>
internal static class Hdf5Storage
{
    private const int MostRank = 32;
    private const int MostDepth = 64;

    /// <summary>How much larger than the file an array may be: zeros shrink most, and weights hardly at all.</summary>
    private const long MostTimesFile = 256;

    private const long LeastLimit = 1 << 24;

    public static ReadOnlyMemory<byte> Read(Hdf5File file, ulong header, string path, ReadOnlyMemory<byte> layout, ReadOnlyMemory<byte>? filters, long[] shape, int width)
    {
        var total = (double)width;
        foreach (var side in shape) total *= side < 0 ? double.PositiveInfinity : side;
        if (shape.Length > MostRank || !(total <= Math.Min(int.MaxValue, LeastLimit + (MostTimesFile * file.Length))))
            Throw.Hdf5Damaged(file.Source, header, $"the array '{path}' of [{string.Join(",", shape)}] would be larger than the file can hold");
        try
        {
            return Read(new Place(file, header, path, shape, width, (int)total), layout, filters);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or InvalidDataException && !e.Message.Contains(file.Source, StringComparison.Ordinal))
        {
            Throw.Hdf5Damaged(file.Source, header, $"the array '{path}' cannot be unpacked");
            return default;
        }
    }

    private sealed record Place(Hdf5File File, ulong Header, string Path, long[] Shape, int Width, int Total)
    {
        public long ChunksLeft { get; set; }
    }

    private static ReadOnlyMemory<byte> Read(Place place, ReadOnlyMemory<byte> layout, ReadOnlyMemory<byte>? filters)
    {
        var (version, kind) = (layout.Span[..1][0], layout.Span[1..2][0]);
        if (version is not (3 or 4) || kind > 2 || (version == 4 && kind == 2))
            Throw.Hdf5Unsupported(place.File.Source, $"the array '{place.Path}' is stored in form {kind} of version {version}; write the file again with h5py's default, without libver='latest'");
        switch (kind)
        {
            case 0: return layout.Slice(4, place.Total);
            case 1:
                var address = BinaryPrimitives.ReadUInt64LittleEndian(layout.Span[2..]);
                if (place.Total == 0) return default;
                if (address == Hdf5File.Undefined) Throw.Hdf5Damaged(place.File.Source, place.Header, $"the array '{place.Path}' was never written");
                return place.File.Slice(address, (ulong)place.Total, $"the array '{place.Path}'");
            default: return ReadChunks(place, layout.Span, filters is { } list ? Filters(place, list.Span) : []);
        }
    }

    private readonly record struct Filter(int Id, int Value);

    private static Filter[] Filters(Place place, ReadOnlySpan<byte> message)
    {
        var (version, count) = (message[..1][0], message[1..2][0]);
        var at = version == 1 ? 8 : 2;
        var filters = new Filter[count];
        for (var i = 0; i < count; i++)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
            at += 2;
            var name = 0;
            if (version == 1 || id >= 256)
            {
                name = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
                at += 2;
            }

            var values = BinaryPrimitives.ReadUInt16LittleEndian(message[(at + 2)..]);
            at += 4 + (version == 1 ? (name + 7) / 8 * 8 : name);
            filters[i] = new Filter(id, values > 0 ? (int)BinaryPrimitives.ReadUInt32LittleEndian(message[at..]) : 0);
            at += (4 * values) + (version == 1 && values % 2 == 1 ? 4 : 0);
            if (id is not (1 or 2 or 3)) Throw.Hdf5Unsupported(place.File.Source, $"the array '{place.Path}' is packed by filter {id}; only gzip, shuffle and fletcher32 are read");
        }

        return filters;
    }

    private static byte[] ReadChunks(Place place, ReadOnlySpan<byte> layout, Filter[] filters)
    {
        var rank = layout[2..3][0] - 1;
        if (rank != place.Shape.Length || rank < 1) Throw.Hdf5Damaged(place.File.Source, place.Header, $"the chunks of '{place.Path}' have {rank} axes");
        var sides = new long[rank];
        var bytes = (double)place.Width;
        for (var i = 0; i < rank; i++)
        {
            sides[i] = BinaryPrimitives.ReadUInt32LittleEndian(layout[(11 + (4 * i))..]);
            bytes *= sides[i];
        }

        // A chunk may be larger than the array, but not by orders.
        if (bytes < 1 || bytes > LeastLimit + (4.0 * place.Total)) Throw.Hdf5Damaged(place.File.Source, place.Header, $"the chunks of '{place.Path}' are [{string.Join(",", sides)}]");
        place.ChunksLeft = sides.Select((side, i) => (place.Shape[i] + side - 1) / side).Aggregate(1L, (product, count) => product * count);
        var result = new byte[place.Total];
        var tree = BinaryPrimitives.ReadUInt64LittleEndian(layout[3..]);
        if (tree != Hdf5File.Undefined) Walk(place, tree, sides, (int)bytes, filters, result, 0);
        return result;
    }

    private static void Walk(Place place, ulong tree, long[] sides, int chunkBytes, Filter[] filters, byte[] result, int depth)
    {
        var file = place.File;
        if (depth > MostDepth) Throw.Hdf5Damaged(file.Source, tree, "a tree has no end");
        file.Expect(tree, "TREE"u8);
        var (level, count) = (file.Byte(tree + 5), file.UInt16(tree + 6));
        var keyBytes = 8UL + (8UL * ((ulong)sides.Length + 1));
        for (var i = 0UL; i < count; i++)
        {
            var key = tree + 24 + (i * (keyBytes + 8));
            var child = file.Address(key + keyBytes);
            if (level > 0)
            {
                Walk(place, child, sides, chunkBytes, filters, result, depth + 1);
                continue;
            }

            var from = new long[sides.Length];
            for (var axis = 0; axis < from.Length; axis++)
            {
                from[axis] = (long)file.Address(key + 8 + (8 * (ulong)axis));
                if (from[axis] < 0 || from[axis] >= place.Shape[axis]) Throw.Hdf5Damaged(file.Source, key, $"a chunk of '{place.Path}' lies outside of the array");
            }

            if (--place.ChunksLeft < 0) Throw.Hdf5Damaged(file.Source, key, $"the array '{place.Path}' has more chunks than places for them");
            var chunk = Unpack(place, file.Slice(child, file.UInt32(key), $"a chunk of '{place.Path}'"), filters, file.UInt32(key + 4), chunkBytes);
            Copy(place, chunk.Span, sides, from, result);
        }
    }

    private static ReadOnlyMemory<byte> Unpack(Place place, ReadOnlyMemory<byte> packed, Filter[] filters, uint skipped, int chunkBytes)
    {
        for (var i = filters.Length - 1; i >= 0; i--)
        {
            if ((skipped & (1u << i)) != 0) continue;
            packed = filters[i].Id switch
            {
                1 => Inflate(packed, chunkBytes),
                2 => Unshuffle(packed.Span, filters[i].Value),
                // The checksum behind the data is not needed to read it.
                _ => packed[..^4],
            };
        }

        if (packed.Length < chunkBytes) Throw.Hdf5Damaged(place.File.Source, place.Header, $"a chunk of '{place.Path}' has {packed.Length} of {chunkBytes} bytes");
        return packed[..chunkBytes];
    }

    private static byte[] Inflate(ReadOnlyMemory<byte> packed, int most)
    {
        using var stream = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
        var result = new byte[most];
        var read = stream.ReadAtLeast(result, most, throwOnEndOfStream: false);
        return result[..read];
    }

    /// <summary>All first bytes of the elements, then all second ones: put together again.</summary>
    private static byte[] Unshuffle(ReadOnlySpan<byte> bytes, int width)
    {
        var result = bytes.ToArray();
        if (width < 2) return result;
        var count = bytes.Length / width;
        for (var i = 0; i < count; i++)
            for (var b = 0; b < width; b++) result[(i * width) + b] = bytes[(b * count) + i];
        return result;
    }

    private static void Copy(Place place, ReadOnlySpan<byte> chunk, long[] sides, long[] from, byte[] result)
    {
        var rank = sides.Length;
        var run = (int)Math.Min(sides[^1], place.Shape[^1] - from[^1]) * place.Width;
        var at = new long[rank - 1];
        while (true)
        {
            long source = 0, target = 0;
            var inside = true;
            for (var axis = 0; axis < rank; axis++)
            {
                var position = axis < rank - 1 ? at[axis] : 0;
                inside &= from[axis] + position < place.Shape[axis];
                (source, target) = ((source * sides[axis]) + position, (target * place.Shape[axis]) + from[axis] + position);
            }

            if (inside) chunk.Slice((int)(source * place.Width), run).CopyTo(result.AsSpan((int)(target * place.Width)));
            var next = rank - 2;
            while (next >= 0 && ++at[next] >= sides[next]) at[next--] = 0;
            if (next < 0) return;
        }
    }
}
