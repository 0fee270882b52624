using System.Buffers.Binary;
using System.Text;
using OnnxTransfer.Data;

namespace OnnxTransfer.Tests.Data;

public sealed class FileTypesTests
{
    [Theory]
    [InlineData("1F8B08", UnusedKind.Archive)]
    [InlineData("377ABCAF271C", UnusedKind.Archive)]
    [InlineData("526172211A07", UnusedKind.Archive)]
    [InlineData("1A45DFA3", UnusedKind.Video)]
    [InlineData("524946460000000041564920", UnusedKind.Video)]
    [InlineData("25504446", UnusedKind.Document)]
    [InlineData("000102", UnusedKind.Other)]
    public void A_signature_tells_the_kind_of_a_file_without_an_extension(string start, UnusedKind kind) =>
        Assert.Equal(kind, FileTypes.KindOf("file", Convert.FromHexString(start)));

    [Theory]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(52)]
    [InlineData(56)]
    [InlineData(64)]
    [InlineData(108)]
    [InlineData(124)]
    public void A_bitmap_is_an_image_with_every_length_of_its_second_header(uint length)
    {
        Assert.Null(FileTypes.KindOf("file", Bitmap(length)));
        Assert.Null(FileTypes.KindOf("file", [.. Bitmap(length), 0, 0]));
        Assert.NotNull(FileTypes.KindOf("file", Bitmap(length).AsSpan(0, 17)));
        Assert.NotNull(FileTypes.KindOf("file", Bitmap(length + 1)));
    }

    [Fact]
    public void Text_has_no_control_characters_but_those_of_lines_and_pages()
    {
        for (var value = 0; value < 256; value++)
        {
            var isText = value >= 0x20 || value is '\t' or '\n' or '\r' or '\f';
            Assert.Equal(isText ? UnusedKind.Text : UnusedKind.Other, FileTypes.KindOf("file", [.. "some "u8, (byte)value, .. " text"u8]));
        }
    }

    [Fact]
    public void Every_kind_has_a_sentence_of_its_own()
    {
        string[] reasons = [.. Enum.GetValues<UnusedKind>().Where(kind => kind <= UnusedKind.RawPhoto).Select(FileTypes.Reason)];
        Assert.Equal(reasons.Length, reasons.Distinct().Count());
        Assert.All(reasons, reason => Assert.Matches(@"^The .+[.)]$", reason));
    }

    private static byte[] Bitmap(uint length)
    {
        var start = new byte[18];
        Encoding.ASCII.GetBytes("BM").CopyTo(start, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(14), length);
        return start;
    }
}
