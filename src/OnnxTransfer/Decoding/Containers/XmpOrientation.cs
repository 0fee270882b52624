namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// Reads <c>tiff:Orientation</c> from an XMP packet (ISO 16684-1), as an attribute or as an element, with any namespace prefix. It searches
/// the text once and parses no XML, so the cost of a hostile packet is proportional to its length.
/// </summary>
internal static class XmpOrientation
{
    /// <summary>The longest prefix that is searched for; longer prefixes do not occur.</summary>
    private const int MostPrefix = 32;

    /// <summary>The prefix of an XMP packet in JPEG files.</summary>
    internal static ReadOnlySpan<byte> Prefix => "http://ns.adobe.com/xap/1.0/\0"u8;

    private static ReadOnlySpan<byte> TiffNamespace => "http://ns.adobe.com/tiff/1.0/"u8;

    private static ReadOnlySpan<byte> Property => "Orientation"u8;

    /// <summary>The orientation; null if it is missing or not 1 to 8.</summary>
    /// <param name="xmp">A packet in UTF-8, the encoding that is used in files.</param>
    internal static Orientation? Find(ReadOnlySpan<byte> xmp)
    {
        var prefix = PrefixOf(xmp);
        if (prefix.IsEmpty) return null;
        for (int next; (next = xmp.IndexOf(Property)) >= 0; xmp = xmp[(next + Property.Length)..])
        {
            // <prefix:Orientation>6</prefix:Orientation>, or prefix:Orientation="6".
            var start = next - 1 - prefix.Length;
            if (start < 1 || xmp[next - 1] != (byte)':' || !xmp[start..(next - 1)].SequenceEqual(prefix) || !IsBeforeName(xmp[start - 1])) continue;
            if (ValueOf(xmp[(next + Property.Length)..]) is { } value) return value;
        }

        return null;
    }

    /// <summary>The prefix that the packet assigns to the namespace; empty if there is none.</summary>
    private static ReadOnlySpan<byte> PrefixOf(ReadOnlySpan<byte> xmp)
    {
        for (int next; (next = xmp.IndexOf(TiffNamespace)) >= 0; xmp = xmp[(next + TiffNamespace.Length)..])
        {
            // xmlns:PREFIX="NAMESPACE"
            var before = TrimEnd(xmp[Math.Max(0, next - MostPrefix - 10)..next], (byte)'"', (byte)'\'');
            if (before.IsEmpty || before[^1] != (byte)'=') continue;
            before = TrimEnd(before[..^1], (byte)' ', (byte)' ');
            var name = before.LastIndexOf("xmlns:"u8);
            if (name >= 0) return before[(name + 6)..];
        }

        return default;
    }

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> text, byte one, byte other)
    {
        while (!text.IsEmpty && (text[^1] == one || text[^1] == other || text[^1] <= (byte)' ')) text = text[..^1];
        return text;
    }

    private static bool IsBeforeName(byte character) => character is (byte)'<' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static Orientation? ValueOf(ReadOnlySpan<byte> text)
    {
        var at = 0;
        var isOpen = false;
        for (; at < text.Length && at < 16; at++)
        {
            switch (text[at])
            {
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'=':
                    break;
                case (byte)'>' or (byte)'"' or (byte)'\'':
                    isOpen = true;
                    break;
                case >= (byte)'1' and <= (byte)'8' and var digit when isOpen:
                    // More digits follow: 10 is not 1.
                    return at + 1 < text.Length && char.IsAsciiDigit((char)text[at + 1]) ? null : (Orientation)(digit - '0');
                default:
                    return null;
            }
        }

        return null;
    }
}
