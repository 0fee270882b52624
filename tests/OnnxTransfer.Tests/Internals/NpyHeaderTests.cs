using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class NpyHeaderTests
{
    private const string Dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }\n";

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 4)]
    [InlineData(12345, 1280)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void A_matrix_begins_as_NumPy_writes_it(int rows, int dim)
    {
        var header = NpyHeader.OfMatrix(rows, dim);
        // NumPy's format description: magic, version 1.0, the length of the rest, the dictionary, spaces and a line end, in all a multiple of 64.
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 118, 0], header[..10]);
        var text = Encoding.ASCII.GetString(header[10..]);
        Assert.Equal($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}", text.TrimEnd());
        Assert.Equal('\n', text[^1]);
        Assert.Equal(128, header.Length);
        var read = Read([.. header, 42]);
        Assert.Equal("<f4", read.Type);
        Assert.False(read.IsColumnMajor);
        Assert.Equal([rows, dim], read.Shape);
        Assert.Equal(128, read.Bytes);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 12)]
    public void Both_formats_are_read_up_to_the_first_number(byte format, int prefix)
    {
        // More than 255 and, in format 2, more than 65,535 characters, so that every byte of the length counts.
        var text = Dictionary.PadLeft(format == 1 ? 60_001 : 70_001);
        using var stream = new MemoryStream([.. Start(format, text.Length), .. Encoding.ASCII.GetBytes(text), 42]);
        var header = NpyHeader.Read(stream, stream.Length);
        Assert.Equal([3, 4], header.Shape);
        Assert.Equal(prefix + text.Length, header.Bytes);
        Assert.Equal(42, stream.ReadByte());
    }

    [Theory]
    [InlineData("{'descr': '>f8', 'fortran_order': True, 'shape': (7,), }", ">f8", true, new long[] { 7 })]
    [InlineData("{'descr':'<i2','fortran_order': False,'shape':(2,3,5)}", "<i2", false, new long[] { 2, 3, 5 })]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (), }", "", false, new long[0])]
    public void Every_field_is_read(string text, string type, bool isColumnMajor, long[] shape)
    {
        var header = Read(Whole(1, text));
        Assert.Equal((type, isColumnMajor), (header.Type, header.IsColumnMajor));
        Assert.Equal(shape, header.Shape);
    }

    [Theory]
    [InlineData("{'descr': '<f4', }", "has a header without a shape")]
    [InlineData("{'shape': (3, -1), }", "has the shape (3, -1)")]
    [InlineData("{'shape': (x), }", "has the shape (x)")]
    public void A_shape_that_cannot_be_used_is_an_error(string text, string expected) => Refuses(Whole(1, text), expected);

    [Fact]
    public void Each_wrong_byte_of_the_magic_is_an_error()
    {
        for (var i = 0; i < 6; i++)
        {
            var file = Whole(1, Dictionary);
            file[i] ^= 1;
            Refuses(file, "is not a NumPy array");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Another_format_is_named(byte format) => Refuses(Whole(format, Dictionary), $"is a NumPy array of format {format}.0, but OnnxTransfer reads formats 1 and 2");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_file_that_ends_early_is_an_error_wherever_it_ends(byte format)
    {
        var file = Whole(format, Dictionary);
        var prefix = format == 1 ? 10 : 12;
        for (var length = 0; length < file.Length; length++)
        {
            var expected = length < 10 ? "is not a NumPy array"
                : length < prefix || length >= Dictionary.Length ? "ends within its header"
                : $"states a header of {Dictionary.Length} bytes";
            Refuses(file[..length], expected);
        }
    }

    [Fact]
    public void The_length_of_the_dictionary_has_limits()
    {
        Refuses(Whole(1, "'shape':()"[1..]), "states a header of 9 bytes");
        Assert.Equal([], Read(Whole(1, "'shape':()")).Shape);
        Assert.Equal(1_000_012, Read(Whole(2, Dictionary.PadRight(1_000_000))).Bytes);
        Refuses(Whole(2, Dictionary.PadRight(1_000_001)), "states a header of 1000001 bytes");
    }

    private static byte[] Start(byte format, int length) =>
        [0x93, .. "NUMPY"u8, format, 0, .. format == 2 ? BitConverter.GetBytes(length) : BitConverter.GetBytes((ushort)length)];

    private static byte[] Whole(byte format, string text) => [.. Start(format, text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static NpyHeader Read(byte[] file) => NpyHeader.Read(new MemoryStream(file), file.Length);

    private static void Refuses(byte[] file, string expected) => Assert.Equal(expected, Assert.Throws<InvalidDataException>(() => Read(file)).Message);
}
