using OnnxTransfer.Decoding.Containers;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>What the segments before the pixels of a JPEG file say (ITU-T T.81, annex B).</summary>
internal static class JpegHeader
{
    private const byte App2 = 0xE2;
    private const byte App14 = 0xEE;
    private const int SignatureLength = 2;

    /// <summary>Channels of the picture, 1 to 4; 0 where no frame header is found.</summary>
    internal static int Channels(ReadOnlySpan<byte> file)
    {
        foreach (var segment in new JpegSegments(file))
        {
            if (segment.IsFrame) return segment.Body.Length > 5 ? segment.Body[5] : 0;
            if (segment.Marker == JpegSegment.StartOfScan) break;
        }

        return 0;
    }

    /// <summary>Whether the file has Adobe's segment.</summary>
    internal static bool HasAdobe(ReadOnlySpan<byte> file)
    {
        foreach (var segment in new JpegSegments(file))
        {
            if (segment.Marker == JpegSegment.StartOfScan) break;
            if (segment.Marker == App14 && segment.Body.StartsWith("Adobe"u8)) return true;
        }

        return false;
    }

    /// <summary>The ICC profile, put together from its parts (ICC.1:2022, B.4); empty where there is none, or a part is missing.</summary>
    internal static ReadOnlySpan<byte> Profile(ReadOnlySpan<byte> file)
    {
        // Most profiles have one part, which needs no memory.
        ReadOnlySpan<byte> only = default;
        SortedDictionary<byte, byte[]>? parts = null;
        var count = 0;
        foreach (var segment in new JpegSegments(file))
        {
            if (segment.Marker == JpegSegment.StartOfScan) break;
            if (!segment.IsProfile || segment.Body.Length <= 14) continue;
            count = segment.Body[13];
            if (!only.IsEmpty) return [];
            if (count == 1 && parts is null)
            {
                only = segment.Body[14..];
                continue;
            }

            parts ??= [];
            if (!parts.TryAdd(segment.Body[12], segment.Body[14..].ToArray())) return [];
        }

        if (!only.IsEmpty) return only;
        return parts?.Count == count && count > 0 ? (byte[])[.. parts.Values.SelectMany(part => part)] : [];
    }

    /// <summary>The file with another ICC profile, of at most 65,519 bytes.</summary>
    internal static ReadOnlySpan<byte> WithProfile(ReadOnlySpan<byte> file, ReadOnlySpan<byte> profile)
    {
        using var changed = new MemoryStream(file.Length + profile.Length + 18);
        changed.Write(file[..SignatureLength]);
        changed.Write([0xFF, App2, 0, 0, .. "ICC_PROFILE\0"u8, 1, 1, .. profile]);
        WriteUInt16BigEndian(changed.GetBuffer().AsSpan(SignatureLength + 2), (ushort)(profile.Length + 16));
        var end = SignatureLength;
        foreach (var segment in new JpegSegments(file))
        {
            if (segment.Marker == JpegSegment.StartOfScan) break;
            if (!segment.IsProfile) changed.Write(file[end..segment.End]);
            end = segment.End;
        }

        changed.Write(file[end..]);
        return changed.GetBuffer().AsSpan(0, (int)changed.Length);
    }
}
