using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>The resize kernels against outputs of Pillow 9.4, torchvision 0.14 and torch on six images.</summary>
public abstract class GoldenResize
{
    private protected abstract RowResampler Rows { get; }

    private protected static readonly string[] s_images = ["a_37x53", "b_300x200", "c_224x224", "d_1x1", "e_640x17", "f_97x131_rgba"];

    public static TheoryData<string> Images => [.. s_images];

    [SharedTheory("golden/manifest.json")]
    [MemberData(nameof(Images))]
    public void PillowBilinear_IsBitExact(string image) =>
        Assert.Equal(Golden(image, "pil_bilinear224").Bytes, Stretch(image, ResizeFilter.PillowBilinear));

    [SharedTheory("golden/manifest.json")]
    [MemberData(nameof(Images))]
    public void PillowBicubic_IsBitExact(string image) =>
        Assert.Equal(Golden(image, "pil_bicubic224").Bytes, Stretch(image, ResizeFilter.PillowBicubic));

    [SharedTheory("golden/manifest.json")]
    [MemberData(nameof(Images))]
    public void TorchvisionResizeAndCrop_IsBitExact(string image)
    {
        var source = Golden(image, "pixels");
        var spec = new PreprocessSpec
        {
            Filter = ResizeFilter.PillowBilinear,
            Resize = Resize.ShortestEdge(256, 224),
        };
        var result = new byte[224 * 224 * 3];
        Resampler.Resize(source.Bytes, ResizeGeometry.For(spec, source.Shape[1], source.Shape[0]), ResizeFilter.PillowBilinear, result, Rows);
        Assert.Equal(Golden(image, "tv_resize256_crop224").Bytes, result);
    }

    [SharedTheory("golden/manifest.json")]
    [MemberData(nameof(Images))]
    public void TensorFlowBilinear_IsWithinTheReferencesOwnError(string image)
    {
        var source = Golden(image, "pixels");
        var result = new float[224 * 224 * 3];
        Resampler.Resize(source.Bytes, ResizeGeometry.Stretch(source.Shape[1], source.Shape[0], 224, 224), ResizeFilter.TensorFlowBilinear, result, Rows);
        // torch computes coordinates in float32 and is itself up to 1.8e-3 from the exact result.
        Assert.True(Reference.GreatestDifference(Golden(image, "tf_bilinear224").Floats, result) <= 5e-3);
    }

    private byte[] Stretch(string image, ResizeFilter filter)
    {
        var source = Golden(image, "pixels");
        var result = new byte[224 * 224 * 3];
        Resampler.Resize(source.Bytes, ResizeGeometry.Stretch(source.Shape[1], source.Shape[0], 224, 224), filter, result, Rows);
        return result;
    }

    private protected static Npy Golden(string image, string kind) => Npy.Read(Repository.SharedPath("golden", $"{image}.{kind}.npy"));
}

public sealed class ScalarGoldenTests : GoldenResize
{
    private protected override RowResampler Rows { get; } = new(vectors: false);

    [SharedFact("golden/manifest.json")]
    public void Decoder_GivesTheReferencesPixels()
    {
        // Not the image with alpha, which the reference takes without compositing.
        foreach (var image in s_images.Where(name => !name.EndsWith("rgba", StringComparison.Ordinal)))
        {
            using var pixels = ImageDecoders.Default.DecodeFile(Repository.SharedPath("golden", image + ".png"));
            Assert.Equal(Golden(image, "pixels").Bytes, pixels.Pixels.ToArray());
        }
    }
}

public sealed class VectorGoldenTests : GoldenResize
{
    private protected override RowResampler Rows { get; } = new(vectors: true);
}
