using System.IO.Compression;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// The text chunks of a PNG file with metadata: "Raw profile type exif" and "Raw profile type APP1" of ImageMagick, which are hexadecimal,
/// and "XML:com.adobe.xmp" of XMP.
/// </summary>
internal static class PngTexts
{
    /// <summary>The most characters of a text that are read. The orientation is in the first directory, near the beginning.</summary>
    private const int MostBytes = 1 << 20;

    /// <summary>Takes the orientation from a text chunk, if it has one.</summary>
    /// <param name="kind">tEXt, zTXt or iTXt.</param>
    /// <param name="body">The content of the chunk; it may be invalid.</param>
    /// <param name="findings">Receives what is found.</param>
    internal static void Take(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body, FileFindings findings)
    {
        // A keyword has 1 to 79 characters (PNG, 11.3.3).
        var end = body[..Math.Min(80, body.Length)].IndexOf((byte)0);
        if (end <= 0) return;
        var keyword = body[..end];
        var isXmp = keyword.SequenceEqual("XML:com.adobe.xmp"u8);
        var isProfile = keyword.SequenceEqual("Raw profile type exif"u8) || keyword.SequenceEqual("Raw profile type APP1"u8)
            || keyword.SequenceEqual("Raw profile type xmp"u8);
        if (!isXmp && !isProfile) return;
        var text = TextOf(kind, body[(end + 1)..]);
        if (isXmp) findings.TakeXmp(text);
        else TakeProfile(FromHexadecimal(text), findings);
    }

    private static void TakeProfile(ReadOnlySpan<byte> profile, FileFindings findings)
    {
        if (profile.StartsWith(XmpOrientation.Prefix)) findings.TakeXmp(profile[XmpOrientation.Prefix.Length..]);
        else if (profile.StartsWith("<"u8)) findings.TakeXmp(profile);
        else findings.TakeExif(profile);
    }

    /// <param name="kind">tEXt, zTXt or iTXt.</param>
    /// <param name="rest">The content after the keyword and its zero.</param>
    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> rest)
    {
        if (kind.SequenceEqual("tEXt"u8)) return rest[..Math.Min(rest.Length, MostBytes)];
        // One byte states the method, which is deflate.
        if (kind.SequenceEqual("zTXt"u8)) return rest.Length > 1 ? Inflate(rest[1..]) : default;

        // A flag, the method, the language and the translated keyword; a zero ends each of the last two.
        if (rest.Length < 2) return default;
        var isCompressed = rest[0] != 0;
        rest = rest[2..];
        for (var i = 0; i < 2; i++)
        {
            var end = rest.IndexOf((byte)0);
            if (end < 0) return default;
            rest = rest[(end + 1)..];
        }

        return isCompressed ? Inflate(rest) : rest[..Math.Min(rest.Length, MostBytes)];
    }

    /// <summary>Decompresses the text up to its first damage, at most <see cref="MostBytes"/>.</summary>
    private static byte[] Inflate(ReadOnlySpan<byte> deflated)
    {
        using var source = new MemoryStream(deflated[..Math.Min(deflated.Length, MostBytes)].ToArray());
        using var inflater = new ZLibStream(source, CompressionMode.Decompress);
        using var text = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            int read;
            while (text.Length < MostBytes && (read = inflater.Read(buffer)) > 0) text.Write(buffer, 0, read);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // Only metadata are damaged, so use what was read.
        }

        return text.ToArray();
    }

    /// <summary>Reads a line break, the name, the number of bytes, and the bytes as lines of hexadecimal digits.</summary>
    private static byte[] FromHexadecimal(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart("\n\r "u8);
        for (var line = 0; line < 2; line++)
        {
            var end = text.IndexOf((byte)'\n');
            if (end < 0) return [];
            text = text[(end + 1)..];
        }

        var bytes = new byte[text.Length / 2];
        var (count, high) = (0, -1);
        foreach (var character in text)
        {
            var digit = char.IsAsciiHexDigit((char)character) ? HexDigit(character) : -1;
            if (digit < 0) continue;
            if (high < 0)
            {
                high = digit;
            }
            else
            {
                bytes[count++] = (byte)((high << 4) | digit);
                high = -1;
            }
        }

        return bytes[..count];
    }

    private static int HexDigit(byte character) => character <= (byte)'9' ? character - '0' : (character & 0xDF) - 'A' + 10;
}
