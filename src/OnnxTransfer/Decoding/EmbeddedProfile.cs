using System.IO.Compression;
using OnnxTransfer.Decoding.Containers;

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
        foreach (var chunk in new WebpChunks(file))
        {
            if (chunk.Is("ICCP"u8) && !chunk.IsCut) return chunk.Body;
        }

        return [];
    }
}
