using System.Buffers.Binary;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Data;

/// <summary>Distinguishes images from other files by their first bytes, and names the kind of other files.</summary>
internal static class FileTypes
{
    /// <summary>As many bytes as the brands of an AVIF or HEIC file take, with room to spare.</summary>
    internal const int SignatureBytes = 64;

    /// <summary>
    /// Names that promise an image. Such a file is listed without being opened. If it holds something else, it counts as a damaged
    /// image of the data.
    /// </summary>
    private static readonly HashSet<string> s_images = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif",
    };

    private static readonly Dictionary<string, UnusedKind> s_others = Kinds(
        (UnusedKind.Text, ".txt .md .csv .tsv .json .jsonl .xml .html .htm .yaml .yml .log .svg .ini .py .cs"),
        (UnusedKind.Video, ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg .wmv .3gp"),
        (UnusedKind.Document, ".pdf .doc .docx .xls .xlsx .ppt .pptx .odt .ods"),
        (UnusedKind.Archive, ".zip .tar .gz .tgz .7z .rar .bz2 .xz .zst"),
        (UnusedKind.RawPhoto, ".cr2 .cr3 .crw .nef .nrw .arw .sr2 .dng .orf .rw2 .pef .srw .raf .raw"));

    internal static bool PromisesImage(string name) => s_images.Contains(Path.GetExtension(name));

    /// <summary>The kind of the file; null for an image.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="start">Its first <see cref="SignatureBytes"/> bytes, or all where there are fewer.</param>
    internal static UnusedKind? KindOf(string name, ReadOnlySpan<byte> start)
    {
        var known = s_others.TryGetValue(Path.GetExtension(name), out var kind);
        // A raw photo begins as a TIFF file does, and holds no pixels that a TIFF decoder could read.
        if (known && kind == UnusedKind.RawPhoto) return kind;
        var format = ImageFormats.Detect(start);
        if (format != ImageFormat.Unknown && (format != ImageFormat.Bmp || IsBitmap(start))) return null;
        if (BySignature(start) is { } found) return found;
        return known ? kind : IsText(start) ? UnusedKind.Text : UnusedKind.Other;
    }

    internal static string Reason(UnusedKind kind) => kind switch
    {
        UnusedKind.Text => "The file is text.",
        UnusedKind.Video => "The file is a video.",
        UnusedKind.Document => "The file is a document.",
        UnusedKind.Archive => "The file is an archive.",
        UnusedKind.RawPhoto => "The file is a camera's raw photo: export it as JPEG or TIFF.",
        UnusedKind.Hidden => "The file or folder is hidden.",
        _ => $"The file does not begin like a file of a known format ({ImageFormats.Known}).",
    };

    private static UnusedKind? BySignature(ReadOnlySpan<byte> start) => start switch
    {
        _ when ImageFormats.IsBaseMedia(start) => UnusedKind.Video,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => UnusedKind.Video,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'A', (byte)'V', (byte)'I', ..] => UnusedKind.Video,
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => UnusedKind.Document,
        [0x1F, 0x8B, ..] or [(byte)'7', (byte)'z', 0xBC, 0xAF, ..] or [(byte)'R', (byte)'a', (byte)'r', (byte)'!', ..] => UnusedKind.Archive,
        _ => null,
    };

    /// <summary>"BM" alone begins texts as well; the length of the second header tells (BITMAPCOREHEADER to BITMAPV5HEADER).</summary>
    private static bool IsBitmap(ReadOnlySpan<byte> start) =>
        start.Length >= 18 && BinaryPrimitives.ReadUInt32LittleEndian(start[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124;

    private static bool IsText(ReadOnlySpan<byte> start)
    {
        foreach (var value in start)
        {
            if (value < 0x20 && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f')) return false;
        }

        return true;
    }

    private static Dictionary<string, UnusedKind> Kinds(params ReadOnlySpan<(UnusedKind Kind, string Extensions)> lists)
    {
        var kinds = new Dictionary<string, UnusedKind>(StringComparer.OrdinalIgnoreCase);
        foreach (var (kind, extensions) in lists)
        {
            foreach (var extension in extensions.Split(' ')) kinds.Add(extension, kind);
        }

        return kinds;
    }
}
