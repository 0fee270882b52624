namespace OnnxTransfer.Decoding.Containers;

/// <summary>Information from the tags of a TIFF file: the orientation, and whether the file is a raw camera photo.</summary>
internal static class TiffFile
{
    private const int NewSubfileType = 254;
    private const int Photometric = 262;
    private const int Make = 271;
    private const int OrientationTag = 274;
    private const int SubDirectories = 330;
    private const int Xmp = 700;
    private const int DngVersion = 50706;

    /// <summary>Reads the orientation. The format's own tag wins over XMP, which has a tag of its own.</summary>
    internal static void Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var directory = new TiffDirectory(file);
        if (directory.Number(OrientationTag) is { } number) findings.TakeOwn(ExifOrientation.FromNumber(number));
        findings.TakeXmp(directory.Bytes(Xmp));
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
}
