using System.Buffers;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// Follows the Huffman codes of a JPEG file (ITU-T T.81, annexes F and G) without making pixels, because SkiaSharp does not tell when
/// libjpeg finds them damaged. It sees what libjpeg sees: a scan or a restart interval whose codes need more bytes than are there, and
/// restart markers out of their order. Bytes too many are none, because many cameras and editors leave some, unless the scan has a hole:
/// a run of one byte, as a failed copy or a bad sector leaves it.
/// </summary>
internal ref struct JpegCodes
{
    private readonly ReadOnlySpan<byte> _file;
    private readonly JpegTable?[] _tables;
    private Component[] _components;
    private int _width;
    private int _height;
    private int _interval;
    private bool _isProgressive;
    private double _missing;
    private bool _isDamaged;

    private JpegCodes(ReadOnlySpan<byte> file)
    {
        _file = file;
        _tables = new JpegTable?[8];
        _components = [];
    }

    /// <summary>The result of a check.</summary>
    /// <param name="Missing">The share of the picture that is missing at the end of a scan, 0 to 1.</param>
    /// <param name="IsDamaged">Whether the end of a scan and the end of its codes differ.</param>
    /// <param name="HasAllScans">Whether the scans together contain all bits of every coefficient.</param>
    internal readonly record struct Verdict(double Missing, bool IsDamaged, bool HasAllScans);

    /// <summary>Checks a file. A file without Huffman codes, or with headers that a codec refuses, counts as valid.</summary>
    internal static Verdict Check(ReadOnlySpan<byte> file)
    {
        var codes = new JpegCodes(file);
        try
        {
            return codes.Run() ? new Verdict(codes._missing, codes._isDamaged, codes.HasAllScans()) : new Verdict(0, false, true);
        }
        finally
        {
            foreach (var component in codes._components) component.Free();
        }
    }

    private bool Run()
    {
        var segments = new JpegSegments(_file);
        while (segments.MoveNext())
        {
            var segment = segments.Current;
            switch (segment.Marker)
            {
                case JpegSegment.HuffmanTables when !ReadTables(segment.Body):
                    return false;
                case JpegSegment.RestartInterval when segment.Body.Length >= 2:
                    _interval = ReadUInt16BigEndian(segment.Body);
                    break;
                case JpegSegment.StartOfScan:
                    var at = segment.End;
                    if (!ReadScan(segment.Body, ref at)) return false;
                    segments.Position = at;
                    break;
                case var marker when segment.IsFrame && !ReadFrame(marker, segment.Body):
                    return false;
            }
        }

        return _components.Length > 0;
    }

    /// <summary>Whether the scans contain all bits of every coefficient of every component. A baseline scan contains all at once.</summary>
    private readonly bool HasAllScans()
    {
        foreach (var component in _components)
        {
            if (component.Missing != 0) return false;
        }

        return true;
    }

    private readonly bool ReadTables(ReadOnlySpan<byte> body)
    {
        while (body.Length >= 17)
        {
            var (kind, number) = (body[0] >> 4, body[0] & 15);
            if (kind > 1 || number > 3 || JpegTable.Read(body[1..]) is not { } table) return false;
            _tables[(4 * kind) + number] = table;
            body = body[(17 + table.Count)..];
        }

        return true;
    }

    private bool ReadFrame(byte marker, ReadOnlySpan<byte> body)
    {
        // Baseline, extended and progressive, all with Huffman codes.
        if (marker > 0xC2 || _components.Length > 0 || body.Length < 6 || body.Length < 6 + (3 * body[5])) return false;
        _isProgressive = marker == 0xC2;
        (_height, _width) = (ReadUInt16BigEndian(body[1..]), ReadUInt16BigEndian(body[3..]));
        if (_width == 0 || _height == 0 || body[5] is 0 or > 4) return false;
        var components = new Component[body[5]];
        var (acrossMost, downMost) = (1, 1);
        for (var i = 0; i < components.Length; i++)
        {
            var entry = body[(6 + (3 * i))..];
            var (across, down) = (entry[1] >> 4, entry[1] & 15);
            if (across is 0 or > 4 || down is 0 or > 4) return false;
            components[i] = new Component(entry[0], across, down);
            (acrossMost, downMost) = (Math.Max(acrossMost, across), Math.Max(downMost, down));
        }

        foreach (var component in components) component.Measure(_width, _height, acrossMost, downMost, _isProgressive);
        _components = components;
        return true;
    }

    private bool ReadScan(ReadOnlySpan<byte> body, ref int at)
    {
        if (body.Length < 1 || body[0] is 0 or > 4 || body.Length < 4 + (2 * body[0]) || _components.Length == 0) return false;
        var chosen = new Component[body[0]];
        for (var i = 0; i < chosen.Length; i++)
        {
            var (id, tables) = (body[1 + (2 * i)], body[2 + (2 * i)]);
            if (Array.Find(_components, component => component.Id == id) is not { } component) return false;
            component.Choose(_tables, tables >> 4, tables & 15);
            chosen[i] = component;
        }

        var end = body[(1 + (2 * chosen.Length))..];
        var scan = _isProgressive ? new ScanRange(end[0], end[1], end[2] >> 4, end[2] & 15) : new ScanRange(0, 63, 0, 0);
        if (scan.First > scan.Last || scan.Last > 63 || scan.Low > 13 || (_isProgressive && scan.First == 0 && scan.Last != 0) || (scan.First > 0 && chosen.Length > 1)) return false;
        foreach (var component in chosen)
        {
            if (!component.HasTables(scan, _isProgressive)) return false;
        }

        ReadIntervals(chosen, scan, ref at);
        return true;
    }

    /// <summary>Follows a scan from one restart marker to the next.</summary>
    private void ReadIntervals(Component[] chosen, ScanRange scan, ref int at)
    {
        var first = chosen[0];
        var (across, down) = chosen.Length == 1 ? (first.BlocksAcross, first.BlocksDown) : (first.UnitsAcross, first.UnitsDown);
        var units = across * down;
        var interval = _interval == 0 ? units : _interval;
        // The blocks of a unit, one after the other.
        var blocks = chosen.Length == 1 ? chosen : [.. chosen.SelectMany(component => Enumerable.Repeat(component, component.Across * component.Down))];
        JpegTable[] direct = [.. blocks.Select(block => block.Direct!)], alternating = [.. blocks.Select(block => block.Alternating!)];
        var reader = new JpegBits(_file, at);
        var mayRepeat = MayRepeat(chosen, scan);
        for (var (start, restart) = (0, 0); start < units; start += interval, restart = (restart + 1) & 7)
        {
            var count = Math.Min(interval, units - start);
            var hasHole = JpegFile.HasHole(_file[reader.Position..]);
            int done;
            if (!_isProgressive) done = reader.ReadBaseline(direct, alternating, count);
            else if (scan.First == 0 && scan.High == 0) done = reader.ReadDirect(direct, count);
            else if (scan.First == 0) done = reader.ReadDirectRefinement(blocks.Length, count);
            else if (scan.High == 0) done = reader.ReadFirst(first.Alternating!, scan.First, scan.Last, first.Nonzero.AsSpan(start, count));
            else done = reader.ReadRefinement(first.Alternating!, scan.First, scan.Last, first.Nonzero.AsSpan(start, count));

            var isLast = start + count >= units;
            var left = reader.SkipToMarker();
            _isDamaged |= done < count || (hasHole && (left > 0 || !mayRepeat));
            if (isLast || reader.Marker is 0 or (not (>= 0xD0 and <= 0xD7)))
            {
                if (done < count || !isLast) _missing = Math.Max(_missing, (units - start - done) / (double)units);
                break;
            }

            if (reader.Marker == 0xD0 + restart)
            {
                reader.TakeMarker();
            }
            else
            {
                _isDamaged = true;
                if (!reader.Resynchronize(restart))
                {
                    _missing = Math.Max(_missing, (units - start - count) / (double)units);
                    break;
                }
            }
        }

        foreach (var component in chosen) component.Cover(scan);
        at = reader.Position;
    }

    /// <summary>
    /// Whether bits that are all zero stand for blocks without detail, of which a picture may have very many; they do where the encoder made
    /// the tables for the picture. Elsewhere they would be many coefficients of one value.
    /// </summary>
    private readonly bool MayRepeat(Component[] chosen, ScanRange scan)
    {
        if (_isProgressive && (scan.First == 0 || scan.High > 0)) return true;
        foreach (var component in chosen)
        {
            if (component.Alternating!.SymbolOfZeros != 0 && (!_isProgressive || (component.Alternating.SymbolOfZeros & 15) != 0)) return false;
            if (!_isProgressive && component.Direct!.SymbolOfZeros != 0) return false;
        }

        return true;
    }

    /// <summary>
    /// The coefficients in a scan, and their bits: from <paramref name="High"/> (0 for the first pass) to <paramref name="Low"/>.
    /// </summary>
    private readonly record struct ScanRange(int First, int Last, int High, int Low);

    /// <summary>One component of the picture.</summary>
    private sealed class Component(byte id, int across, int down)
    {
        internal byte Id => id;
        internal int Across => across;
        internal int Down => down;
        internal int BlocksAcross { get; private set; }
        internal int BlocksDown { get; private set; }
        internal int UnitsAcross { get; private set; }
        internal int UnitsDown { get; private set; }
        internal JpegTable? Direct { get; private set; }
        internal JpegTable? Alternating { get; private set; }

        /// <summary>For each block, the coefficients that are nonzero so far; null for a baseline file, which does not need them.</summary>
        internal ulong[]? Nonzero { get; private set; }

        /// <summary>The coefficients with missing bits.</summary>
        internal ulong Missing { get; private set; } = ulong.MaxValue;

        internal void Measure(int width, int height, int acrossMost, int downMost, bool isProgressive)
        {
            (UnitsAcross, UnitsDown) = (Up(width, 8 * acrossMost), Up(height, 8 * downMost));
            BlocksAcross = Up(Up(width * across, acrossMost), 8);
            BlocksDown = Up(Up(height * down, downMost), 8);
            if (!isProgressive) return;
            var length = BlocksAcross * BlocksDown;
            Nonzero = ArrayPool<ulong>.Shared.Rent(length);
            Nonzero.AsSpan(0, length).Clear();
        }

        internal void Choose(JpegTable?[] tables, int direct, int alternating)
        {
            Direct = tables[direct & 3];
            Alternating = tables[4 + (alternating & 3)];
        }

        internal bool HasTables(ScanRange scan, bool isProgressive) =>
            isProgressive ? scan.First == 0 ? scan.High > 0 || Direct is not null : Alternating is not null : Direct is not null && Alternating is not null;

        internal void Cover(ScanRange scan)
        {
            if (scan.Low > 0) return;
            var width = scan.Last - scan.First + 1;
            Missing &= ~((width == 64 ? ulong.MaxValue : (1ul << width) - 1) << scan.First);
        }

        internal void Free()
        {
            if (Nonzero is not null) ArrayPool<ulong>.Shared.Return(Nonzero);
            Nonzero = null;
        }

        private static int Up(int value, int step) => (value + step - 1) / step;
    }
}
