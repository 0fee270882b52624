namespace OnnxTransfer.Tests.Decoding;

/// <summary>What the decoders of AVIF and HEIC make of the container that both share; one derived class runs it against each.</summary>
public abstract class HeifFileContract
{
    public abstract IImageDecoder Decoder { get; }

    /// <summary>A file of the four colors without an orientation.</summary>
    private protected abstract byte[] Plain { get; }

    [Fact]
    public void Decode_EveryTurnAndMirror_ArrivesUpright()
    {
        foreach (var orientation in Enumerable.Range(1, 8))
        {
            using var pixels = Decoder.Decode(HeifFile.Turned(Plain, orientation));
            CarrierFile.ShowsUpright(pixels, orientation, $"irot and imir for {orientation}");
        }
    }

    [Fact]
    public void Decode_AHeaderThatClaimsAGiant_IsRefused()
    {
        foreach (var (width, height) in new[] { (60_000, 60_000), (int.MaxValue, int.MaxValue), (0, 0), (-1, 5), (2_000_000, 1) })
            Assert.Throws<ImageDecodeException>(() => Decoder.Decode(HeifFile.Claiming(Plain, width, height)));
    }

    [Fact]
    public void Decode_TenMegabytesBehindThePicture_GivesThePixelsOfTheFileWithoutThem()
    {
        using var without = Decoder.Decode(Plain);
        using var with = Decoder.Decode([.. Plain, .. HeifFile.Box("free", new byte[10 << 20])]);
        Assert.Equal(without.Pixels, with.Pixels);
        Assert.Empty(with.Warnings);
    }

    [Fact]
    public void Decode_EveryBeginningOfAFile_IsRefused()
    {
        for (var length = 0; length < Plain.Length - 1; length += 7)
            Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Plain.AsSpan(0, length)));
    }
}
