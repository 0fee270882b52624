namespace OnnxTransfer.Heic.Tests;

public sealed class HeicUnitsTests
{
    [Theory]
    [InlineData("waves.heic")]
    [InlineData("large.heic")]
    [InlineData("alpha.heic")]
    [InlineData("phone.heic")]
    [InlineData("two.heic")]
    [InlineData("ten-bit-display-p3.heic")]
    public void AreDamaged_SoundFile_IsFalse(string name) => Assert.False(HeicUnits.AreDamaged(HeicDecoderTests.Bytes(name)));

    [Fact]
    public void AreDamaged_HoleOfThreeZeros_IsTrue()
    {
        var file = HeicDecoderTests.Bytes("waves.heic");
        file.AsSpan(file.Length / 2, 3).Clear();
        Assert.True(HeicUnits.AreDamaged(file));
    }

    [Fact]
    public void AreDamaged_LengthOfAUnitThatLeavesBytesOver_IsTrue()
    {
        var file = HeicDecoderTests.Bytes("waves.heic");
        // Behind the box's name is the length of the first unit, of four bytes.
        file[file.AsSpan().IndexOf("mdat"u8) + 7] ^= 3;
        Assert.True(HeicUnits.AreDamaged(file));
    }

    [Fact]
    public void AreDamaged_AnyBytes_AreReadWithoutAnError()
    {
        var sound = HeicDecoderTests.Bytes("phone.heic");
        for (var length = 0; length < sound.Length; length++) _ = HeicUnits.AreDamaged(sound.AsSpan(0, length));
        var random = new Random(9);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] file = [.. sound];
            for (var changes = 0; changes <= i % 4; changes++) file[random.Next(Math.Min(file.Length, 600))] = (byte)random.Next(256);
            _ = HeicUnits.AreDamaged(file);
        }
    }
}
