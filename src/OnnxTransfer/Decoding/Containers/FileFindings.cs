namespace OnnxTransfer.Decoding.Containers;

/// <summary>The findings from the container of an image file, which is read before a codec sees the file.</summary>
internal sealed class FileFindings
{
    private List<Range>? _dropped;
    private int _end = int.MaxValue;

    /// <summary>The orientation in the EXIF data; null if it is missing or invalid.</summary>
    internal Orientation? Exif { get; private set; }

    /// <summary>The orientation in the XMP data; null if it is missing or invalid.</summary>
    internal Orientation? Xmp { get; private set; }

    /// <summary>
    /// The orientation of the image: EXIF wins over XMP. The Metadata Working Group's guidelines 2.0 require this (they call the value in
    /// the native header the primary one), and Pillow's <c>exif_transpose</c> and exiftool do the same.
    /// </summary>
    internal Orientation Orientation => Exif ?? Xmp ?? Orientation.Upright;

    /// <summary>What is damaged, in words that follow "is damaged: "; null if nothing is.</summary>
    internal string? Damage { get; private set; }

    /// <summary>The bytes to append to a file that lacks its own end.</summary>
    internal ReadOnlyMemory<byte> Closing { get; private set; }

    /// <summary>The number of bytes that no pixel depends on.</summary>
    internal long DroppedBytes { get; private set; }

    /// <summary>Whether a codec must get a copy without the dropped pieces, even if they are small.</summary>
    internal bool MustRewrite { get; set; }

    /// <summary>The pieces that no pixel depends on, in ascending order.</summary>
    internal IReadOnlyList<Range> Dropped => _dropped ?? [];

    /// <summary>The offset at which the file ends for a codec.</summary>
    internal int EndIn(int length) => Math.Min(_end, length);

    /// <summary>Takes the orientation from EXIF data; the first one found counts.</summary>
    internal void TakeExif(ReadOnlySpan<byte> exif) => Exif ??= ExifOrientation.Find(exif);

    /// <summary>Takes the orientation from the format's own tag, which has the same rank as EXIF.</summary>
    internal void TakeOwn(Orientation? orientation) => Exif ??= orientation;

    /// <summary>Takes the orientation from an XMP packet; the first one found counts.</summary>
    internal void TakeXmp(ReadOnlySpan<byte> xmp) => Xmp ??= XmpOrientation.Find(xmp);

    /// <summary>Notes a piece that no pixel depends on. The pieces come in ascending order.</summary>
    internal void Drop(int start, int length)
    {
        (_dropped ??= []).Add(start..(start + length));
        DroppedBytes += length;
    }

    /// <summary>Notes where the file ends for a codec, and the bytes that are missing there.</summary>
    internal void EndAt(int end, int length, ReadOnlyMemory<byte> closing = default)
    {
        _end = end;
        Closing = closing;
        DroppedBytes += length - end;
    }

    /// <summary>Notes damage that leaves the picture usable; the first damage noted counts.</summary>
    internal void Warn(string damage) => Damage ??= damage;
}
