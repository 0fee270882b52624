using System.Buffers.Binary;

namespace OnnxTransfer.Conversion.Hdf5;

/// <summary>The type of an element.</summary>
internal sealed record Hdf5Type(int Class, int Size, bool IsLittleEndian, bool IsSigned, bool IsText, bool IsVariable, int ExponentBits)
{
    private const int Integer = 0;
    private const int Real = 1;
    private const int Text = 3;
    private const int Variable = 9;

    public bool IsNumber => IsLittleEndian && (Class == Real ? (Size, ExponentBits) is (2, 5) or (2, 8) or (4, 8) or (8, 11) : Class == Integer && Size is 1 or 2 or 4 or 8);

    public string Name => Class switch
    {
        Integer => $"{(IsLittleEndian ? "" : "big-endian ")}integers of {Size} bytes",
        Real => $"{(IsLittleEndian ? "" : "big-endian ")}real numbers of {Size} bytes",
        Text or Variable => "text",
        _ => $"elements of kind {Class}",
    };

    public static Hdf5Type Parse(ReadOnlySpan<byte> message)
    {
        var kind = message[..1][0] & 15;
        var bits = message[1..2][0];
        var size = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(message[4..]));
        var variable = kind == Variable;
        return new Hdf5Type(
            kind, size, (bits & 1) == 0 && (kind != Real || (bits & 0x40) == 0), (bits & 8) != 0, kind == Text || (variable && (bits & 15) == 1 && size == 16), variable,
            kind == Real ? message[13..14][0] : 0);
    }

    public float[] ToFloats(ReadOnlySpan<byte> bytes)
    {
        var values = new float[bytes.Length / Size];
        for (var i = 0; i < values.Length; i++)
        {
            var element = bytes.Slice(i * Size, Size);
            values[i] = (Class, Size) switch
            {
                (Real, 8) => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                (Real, 4) => BinaryPrimitives.ReadSingleLittleEndian(element),
                // bfloat16 is the upper half of a float32.
                (Real, _) => ExponentBits == 8 ? BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16) : (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                (_, 8) => IsSigned ? BinaryPrimitives.ReadInt64LittleEndian(element) : BinaryPrimitives.ReadUInt64LittleEndian(element),
                (_, 4) => IsSigned ? BinaryPrimitives.ReadInt32LittleEndian(element) : BinaryPrimitives.ReadUInt32LittleEndian(element),
                (_, 2) => IsSigned ? BinaryPrimitives.ReadInt16LittleEndian(element) : BinaryPrimitives.ReadUInt16LittleEndian(element),
                _ => IsSigned ? (sbyte)element[0] : element[0],
            };
        }

        return values;
    }
}
