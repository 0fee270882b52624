using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>A kind of file that is not a supported image, recognized by its first bytes, and what its owner can do about it.</summary>
/// <param name="Name">The words that follow "The content is".</param>
/// <param name="Advice">What to do, as an instruction.</param>
internal sealed record FileKind(string Name, string Advice)
{
    internal const string SaveAgain = "save it as JPEG or PNG";

    private const string Export = "export the picture as JPEG or PNG";
    private const string TakeFrame = "save one of its frames as JPEG or PNG";
    private const string Unpack = "unpack it and use the images inside";
    private const string Develop = "develop it with a raw converter and save it as JPEG or TIFF";
    private const string Download = "download the image itself again; servers send such a page when an image is gone or needs a login";

    /// <summary>The number of bytes at the beginning of a text file that are examined.</summary>
    private const int TextBytes = 1024;

    private static readonly (byte[] Signature, FileKind Kind)[] s_signatures =
    [
        ([0, 0, 0, 12, (byte)'j', (byte)'P', (byte)' ', (byte)' ', 13, 10, 0x87, 10], new("a JPEG 2000 image", SaveAgain)),
        ([0xFF, 0x4F, 0xFF, 0x51], new("a JPEG 2000 image", SaveAgain)),
        ([0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' ', 13, 10, 0x87, 10], new("a JPEG XL image", SaveAgain)),
        ([0xFF, 0x0A], new("a JPEG XL image", SaveAgain)),
        ([(byte)'I', (byte)'I', 0xBC], new("a JPEG XR image", SaveAgain)),
        ([.. "8BPS"u8], new("a Photoshop document", Export)),
        ([.. "gimp xcf"u8], new("a GIMP document", Export)),
        ([.. "%PDF-"u8], new("a PDF document", Export)),
        ([.. "%!PS"u8], new("a PostScript document", Export)),
        ([0xC5, 0xD0, 0xD3, 0xC6], new("a PostScript document", Export)),
        ([.. "PK\x03\x04"u8], new("a ZIP archive, or a document in that format", Unpack)),
        ([.. "PK\x05\x06"u8], new("an empty ZIP archive", Unpack)),
        ([.. "Rar!"u8], new("a RAR archive", Unpack)),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], new("a 7z archive", Unpack)),
        ([0x1F, 0x8B], new("a gzip archive", Unpack)),
        ([0x1A, 0x45, 0xDF, 0xA3], new("a Matroska or WebM video", TakeFrame)),
        ([.. "FLV\x01"u8], new("a Flash video", TakeFrame)),
        ([0, 0, 1, 0xBA], new("an MPEG video", TakeFrame)),
        ([0, 0, 1, 0xB3], new("an MPEG video", TakeFrame)),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], new("a Windows Media video", TakeFrame)),
        ([.. "FUJIFILMCCD-RAW"u8], new("a raw camera photo (RAF)", Develop)),
        ([.. "FOVb"u8], new("a raw camera photo (X3F)", Develop)),
        ([.. "\0MRM"u8], new("a raw camera photo (MRW)", Develop)),
        ([.. "IIRO"u8], new("a raw camera photo (ORF)", Develop)),
        ([.. "IIRS"u8], new("a raw camera photo (ORF)", Develop)),
        ([.. "MMOR"u8], new("a raw camera photo (ORF)", Develop)),
        ([.. "IIU\0"u8], new("a raw camera photo (RW2)", Develop)),
        ([.. "II\x1A\0\0\0HEAP"u8], new("a raw camera photo (CRW)", Develop)),
        ([0x76, 0x2F, 0x31, 0x01], new("an OpenEXR image", SaveAgain)),
        ([.. "#?RADIANCE"u8], new("a Radiance HDR image", SaveAgain)),
        ([.. "DDS "u8], new("a DirectDraw texture", SaveAgain)),
        ([.. "qoif"u8], new("a QOI image", SaveAgain)),
        ([.. "SIMPLE  ="u8], new("a FITS image", SaveAgain)),
        ([.. "farbfeld"u8], new("a farbfeld image", SaveAgain)),
        ([0, 5, 0x16, 7], new("the Mac metadata of another file (AppleDouble)", "delete it, or leave out the files whose names begin with ._")),
        ([.. "version https://git-lfs.github.com/spec/"u8], new("a Git LFS pointer, not the file itself", "fetch the files with `git lfs pull`")),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], new("an HDF5 file", Export)),
        ([0x93, .. "NUMPY"u8], new("a NumPy array", SaveAgain)),
        ([0x7F, .. "ELF"u8], new("a program", "leave it out")),
    ];

    private static readonly FileKind s_video = new("an MP4 video or a similar file", TakeFrame);

    /// <summary>The kind of the file; null if it is not recognized.</summary>
    /// <param name="file">Bytes of a file in none of the formats of <see cref="ImageFormat"/>.</param>
    internal static FileKind? Of(ReadOnlySpan<byte> file)
    {
        foreach (var (signature, kind) in s_signatures)
        {
            if (file.StartsWith(signature)) return kind;
        }

        if (ImageFormats.IsBaseMedia(file)) return OfBrand(file.Slice(8, 4));
        if (file.Length >= 12 && file.StartsWith("RIFF"u8)) return file.Slice(8, 4).SequenceEqual("AVI "u8) ? new("an AVI video", TakeFrame) : new("an audio file or another RIFF file", "leave it out");
        // Old QuickTime files begin with another type of box.
        if (file.Length >= 8 && IsQuickTimeBox(file.Slice(4, 4)) && ReadUInt32BigEndian(file) >= 8) return s_video;
        if (file.Length >= 132 && file.Slice(128, 4).SequenceEqual("DICM"u8)) return new("a DICOM image", SaveAgain);
        if (file is [(byte)'P', >= (byte)'1' and <= (byte)'7', (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t', ..]) return new("a Netpbm image (PBM, PGM, PPM or PAM)", SaveAgain);
        if (!file.ContainsAnyExcept((byte)0)) return new("nothing but zeros (from a failed copy or a damaged disk)", "restore it from a backup");
        return OfText(file);
    }

    /// <summary>A raw photo, which has the signature of TIFF.</summary>
    internal static FileKind Raw(string name) => new(name, Develop);

    private static FileKind OfBrand(ReadOnlySpan<byte> brand)
    {
        if (brand.SequenceEqual("crx "u8)) return new("a raw camera photo (CR3)", Develop);
        if (brand.SequenceEqual("avci"u8) || brand.SequenceEqual("avcs"u8) || brand.SequenceEqual("j2ki"u8) || brand.SequenceEqual("vvic"u8) || brand.SequenceEqual("jpeg"u8))
            return new("a HEIF image with a codec other than HEVC and AV1", SaveAgain);
        return s_video with { Name = $"{s_video.Name} (brand '{Printable(brand)}')" };
    }

    private static bool IsQuickTimeBox(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("moov"u8) || type.SequenceEqual("mdat"u8) || type.SequenceEqual("wide"u8) || type.SequenceEqual("free"u8) || type.SequenceEqual("skip"u8) || type.SequenceEqual("pnot"u8);

    private static FileKind? OfText(ReadOnlySpan<byte> file)
    {
        var isUtf16 = file is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
        var head = file[..Math.Min(file.Length, TextBytes)];
        if (!isUtf16 && !IsText(head)) return null;
        var encoding = isUtf16 ? (file[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode) : Encoding.Latin1;
        var text = encoding.GetString(head).TrimStart('\u00EF', '\u00BB', '\u00BF', '\uFEFF', ' ', '\t', '\r', '\n');
        if (Has("<!doctype html", "<html", "<head", "<body")) return new("an HTML page", Download);
        if (text.StartsWith('<') && text.Contains("<svg", StringComparison.OrdinalIgnoreCase)) return new("an SVG drawing", Export);
        if (text.StartsWith('<') && text.Contains("<html", StringComparison.OrdinalIgnoreCase)) return new("an HTML page", Download);
        if (Has("<?xml", "<")) return new("an XML document", Download);
        if (Has("{", "[")) return new("text, perhaps JSON", Download);
        return Has("data:image/") ? new("a data URI", "decode its Base64 text to the bytes of the image") : new("text", "replace it with the image");

        bool Has(params ReadOnlySpan<string> beginnings)
        {
            foreach (var beginning in beginnings)
            {
                if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)) return true;
            }

            return false;
        }
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        foreach (var character in head)
        {
            if (character is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n' or 0x0C) or 0x7F) return false;
        }

        return true;
    }

    private static string Printable(ReadOnlySpan<byte> brand)
    {
        Span<char> text = stackalloc char[brand.Length];
        for (var i = 0; i < brand.Length; i++) text[i] = brand[i] is >= 0x20 and < 0x7F ? (char)brand[i] : '?';
        return text.ToString();
    }
}
