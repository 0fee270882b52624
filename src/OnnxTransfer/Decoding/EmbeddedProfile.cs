using System.IO.Compression;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>Finds the ICC profile in a file in the same way for all decoders; the image libraries ignore some profiles.</summary>
internal static class EmbeddedProfile
{
    /// <summary>The most bytes of a profile that is read. The largest profiles of printing presses have 3 MB.</summary>
    internal const int MostBytes = 4 << 20;

    /// <summary>The profile of a JPEG, PNG or WebP file; empty if there is none.</summary>
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> file, ImageFormat format)
    {
        var profile = format switch
        {
            ImageFormat.Jpeg => JpegHeader.Profile(file),
            ImageFormat.Png => Unpack(PngChunks.Profile(file)),
            ImageFormat.Webp => OfWebp(file),
            _ => [],
        };
        return profile.Length <= MostBytes ? profile : [];
    }

    /// <summary>Reads a name that ends with a zero, the number of the compression method (zero), and the compressed profile.</summary>
    private static byte[] Unpack(ReadOnlySpan<byte> chunk)
    {
        var end = chunk.IndexOf((byte)0);
        if (end < 0 || end + 2 >= chunk.Length || chunk[end + 1] != 0) return [];
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(chunk[(end + 2)..].ToArray()), CompressionMode.Decompress);
            using var profile = new MemoryStream();
            var part = new byte[16 << 10];
            for (int read; (read = zlib.Read(part)) > 0;)
            {
                if (profile.Length + read > MostBytes) return [];
                profile.Write(part, 0, read);
            }

            return profile.ToArray();
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    private static ReadOnlySpan<byte> OfWebp(ReadOnlySpan<byte> file)
    {
        // "RIFF", a length and "WEBP", then chunks of a name, a length and a content that is padded to an even length.
        for (var at = 12; at + 8 <= file.Length;)
        {
            var length = ReadUInt32LittleEndian(file[(at + 4)..]);
            if (length > (uint)(file.Length - at - 8)) break;
            if (file.Slice(at, 4).SequenceEqual("ICCP"u8)) return file.Slice(at + 8, (int)length);
            at += 8 + (int)length + ((int)length & 1);
        }

        return [];
    }
}
