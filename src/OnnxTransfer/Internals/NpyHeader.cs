using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Internals;

/// <summary>
/// The header of a NumPy array (format 1 or 2): magic and version, the little-endian length of the header in two or four bytes, then a
/// Python dictionary, padded so that the numbers begin at a multiple of 64.
/// </summary>
/// <param name="Type">Kind and size of a number, such as <c>&lt;f4</c>; empty where it is not one of those.</param>
/// <param name="IsColumnMajor">Whether the first axis varies fastest.</param>
/// <param name="Shape">The length of each axis.</param>
/// <param name="Bytes">The length of all this, in bytes.</param>
internal sealed partial record NpyHeader(string Type, bool IsColumnMajor, long[] Shape, int Bytes)
{
    private const int LargestDictionary = 1_000_000;
    private const byte TextLength = MatrixBytes - 10;

    /// <summary>The length of what <see cref="OfMatrix"/> gives, in bytes, for any number of rows.</summary>
    internal const int MatrixBytes = 128;

    /// <summary>The header of a float32 matrix <c>[rows,dim]</c> in C order, as NumPy writes it.</summary>
    internal static byte[] OfMatrix(long rows, int dim) => Of("<f4", string.Create(CultureInfo.InvariantCulture, $"{rows}, {dim}"));

    /// <summary>The header of a list of <paramref name="count"/> texts, each of <paramref name="length"/> UTF-32 code points, filled up with zeros.</summary>
    internal static byte[] OfTexts(long count, int length) => Of(string.Create(CultureInfo.InvariantCulture, $"<U{length}"), string.Create(CultureInfo.InvariantCulture, $"{count},"));

    private static byte[] Of(string type, string shape)
    {
        // The dictionary has 57 to 88 characters, so with the ten bytes before it and the line end the header always takes 128 bytes.
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}".PadRight(TextLength - 1) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, TextLength, 0, .. Encoding.ASCII.GetBytes(text)];
    }

    /// <summary>Reads the header and leaves the stream at the first number.</summary>
    /// <param name="stream">The file, from its beginning.</param>
    /// <param name="length">The file's length in bytes, which no header can exceed.</param>
    /// <exception cref="InvalidDataException">It is no NumPy array that this version reads. The message is a part of a sentence about the file.</exception>
    internal static NpyHeader Read(Stream stream, long length)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
            throw new InvalidDataException("is not a NumPy array");
        if (start[6] is not (1 or 2)) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"is a NumPy array of format {start[6]}.{start[7]}, but OnnxTransfer reads formats 1 and 2"));
        var prefix = start[6] == 1 ? 10 : 12;
        if (prefix == 12 && stream.ReadAtLeast(start[10..], 2, throwOnEndOfStream: false) < 2) throw new InvalidDataException("ends within its header");
        var size = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (size is < 10 or > LargestDictionary || size > length) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"states a header of {size} bytes"));
        var text = new byte[size];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length) throw new InvalidDataException("ends within its header");
        return Parse(Encoding.ASCII.GetString(text), prefix + text.Length);
    }

    private static NpyHeader Parse(string text, int bytes)
    {
        var sizes = ShapeText().Match(text);
        if (!sizes.Success) throw new InvalidDataException("has a header without a shape");
        var axes = sizes.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var shape = new long[axes.Length];
        for (var i = 0; i < axes.Length; i++)
        {
            if (!long.TryParse(axes[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
                throw new InvalidDataException($"has the shape ({sizes.Groups[1].Value})");
        }

        return new NpyHeader(TypeText().Match(text).Groups[1].Value, text.Contains("'fortran_order': True", StringComparison.Ordinal), shape, bytes);
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex TypeText();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex ShapeText();
}
