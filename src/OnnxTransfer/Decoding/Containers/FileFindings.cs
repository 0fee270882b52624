namespace OnnxTransfer.Decoding.Containers;

/// <summary>What the container of an image file says, read before a codec sees the file.</summary>
internal sealed class FileFindings
{
    private List<Range>? _dropped;
    private int _end = int.MaxValue;

    /// <summary>The orientation that EXIF data state; null for none or nonsense.</summary>
    internal Orientation? Exif { get; private set; }

    /// <summary>The orientation that XMP data state; null for none or nonsense.</summary>
    internal Orientation? Xmp { get; private set; }

    /// <summary>
    /// What makes the image upright: EXIF before XMP. The Metadata Working Group's guidelines 2.0 say so (the native header's value is
    /// the primary one), and so do Pillow's <c>exif_transpose</c> and exiftool.
    /// </summary>
    internal Orientation Orientation => Exif ?? Xmp ?? Orientation.Upright;

    /// <summary>What is damaged, in words that follow "is damaged: "; null for nothing.</summary>
    internal string? Damage { get; private set; }

    /// <summary>The bytes that close a file whose own end is missing.</summary>
    internal ReadOnlyMemory<byte> Closing { get; private set; }

    /// <summary>The bytes that no pixel depends on.</summary>
    internal long DroppedBytes { get; private set; }

    /// <summary>Whether a codec must get a copy without the dropped pieces, even a small one.</summary>
    internal bool MustRewrite { get; set; }

    /// <summary>The pieces that no pixel depends on, ascending.</summary>
    internal IReadOnlyList<Range> Dropped => _dropped ?? [];

    /// <summary>Where the file ends for a codec.</summary>
    internal int EndIn(int length) => Math.Min(_end, length);

    /// <summary>Takes the orientation of EXIF data; the first that states one counts.</summary>
    internal void TakeExif(ReadOnlySpan<byte> exif) => Exif ??= ExifOrientation.Find(exif);

    /// <summary>Takes the orientation of the format's own tag, which is EXIF's.</summary>
    internal void TakeOwn(Orientation? orientation) => Exif ??= orientation;

    /// <summary>Takes the orientation of an XMP packet; the first that states one counts.</summary>
    internal void TakeXmp(ReadOnlySpan<byte> xmp) => Xmp ??= XmpOrientation.Find(xmp);

    /// <summary>Notes a piece that no pixel depends on; pieces come in ascending order.</summary>
    internal void Drop(int start, int length)
    {
        (_dropped ??= []).Add(start..(start + length));
        DroppedBytes += length;
    }

    /// <summary>Notes where the file ends for a codec, and the bytes that it lacks there.</summary>
    internal void EndAt(int end, int length, ReadOnlyMemory<byte> closing = default)
    {
        _end = end;
        Closing = closing;
        DroppedBytes += length - end;
    }

    /// <summary>Notes damage that leaves the picture usable; the first counts.</summary>
    internal void Warn(string damage) => Damage ??= damage;
}
