using System.Buffers;
using System.IO.Compression;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>What TIFF's tags say: the orientation, whether the file is a camera's raw photo, and where its deflated pixels are.</summary>
internal static class TiffFile
{
    private const int NewSubfileType = 254;
    private const int CompressionTag = 259;
    private const int Photometric = 262;
    private const int StripOffsets = 273;
    private const int StripCounts = 279;
    private const int TileOffsets = 324;
    private const int TileCounts = 325;
    private const int Make = 271;
    private const int OrientationTag = 274;
    private const int SubDirectories = 330;
    private const int Xmp = 700;
    private const int DngVersion = 50706;

    /// <summary>Deflated pixels are checked up to here, so that a hostile file costs seconds at most.</summary>
    private const long MostInflated = 1L << 30;

    /// <summary>What a strip or tile costs at least.</summary>
    private const int InflateBytes = 4096;

    /// <summary>Reads the orientation. The format's own tag wins over XMP, which has a tag of its own.</summary>
    internal static void Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var directory = new TiffDirectory(file);
        if (directory.Number(OrientationTag) is { } number) findings.TakeOwn(ExifOrientation.FromNumber(number));
        findings.TakeXmp(directory.Bytes(Xmp));
        if (directory.Number(CompressionTag) is 8 or 32946 && HasDamagedDeflate(file, directory)) findings.Warn("parts of the picture are wrong");
    }

    /// <summary>Whether <see cref="Read"/> may find an orientation other than upright.</summary>
    internal static bool MayBeTurned(TiffDirectory directory) =>
        directory.Number(OrientationTag) is >= 1 and <= 8 and var number ? number != 1 : directory.Count(Xmp) > 0;

    /// <summary>
    /// The name of a raw photo; null if the file is not one. A raw photo is a TIFF file with sensor values and a small preview.
    /// </summary>
    internal static string? RawName(ReadOnlySpan<byte> file)
    {
        if (file.Length >= 10 && file.Slice(8, 2).SequenceEqual("CR"u8) && file[..4].SequenceEqual("II*\0"u8)) return "a raw camera photo (CR2)";
        var directory = new TiffDirectory(file);
        if (directory.Number(DngVersion) is not null) return "a raw camera photo (DNG)";
        const int colorFilterArray = 32803, linearRaw = 34892;
        if (directory.Number(Photometric) is colorFilterArray or linearRaw) return "a raw camera photo";
        // Nikon, Sony, Pentax and Samsung: the first picture is a small one, and a subdirectory holds the sensor values.
        var isSmall = directory.Number(NewSubfileType) is { } type && (type & 1) == 1;
        return isSmall && !directory.Bytes(Make).IsEmpty && directory.Number(SubDirectories) is not null ? "a raw camera photo (such as NEF or ARW)" : null;
    }

    /// <summary>Whether a strip or tile does not have its checksum (Adler-32), which libtiff does not read. What cannot be found is libtiff's to refuse.</summary>
    private static bool HasDamagedDeflate(ReadOnlySpan<byte> file, TiffDirectory directory)
    {
        var (offsets, counts) = directory.Count(TileOffsets) > 0 ? (TileOffsets, TileCounts) : (StripOffsets, StripCounts);
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            var left = MostInflated;
            for (var i = 0; left > 0 && directory.Number(offsets, i) is { } offset && directory.Number(counts, i) is { } count; i++)
            {
                left -= InflateBytes;
                if (count == 0 || offset > file.Length - count) continue;
                using var inflater = new ZLibStream(new MemoryStream(file.Slice((int)offset, (int)count).ToArray()), CompressionMode.Decompress);
                int read;
                while (left > 0 && (read = inflater.Read(buffer)) > 0) left -= read;
            }

            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
