using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>The laws of every kernel, held by the scalar code and by the vectors.</summary>
public abstract class ResamplerLaws
{
    private protected abstract RowResampler Rows { get; }

    public static TheoryData<ResizeFilter> ByteFilters =>
        [.. Enum.GetValues<ResizeFilter>().Except(s_floats)];

    private static readonly ResizeFilter[] s_floats = [ResizeFilter.TensorFlowBilinear, ResizeFilter.TorchBilinear];

    public static TheoryData<ResizeFilter> FloatFilters => [.. s_floats];

    [Theory]
    [MemberData(nameof(ByteFilters))]
    public void Resize_ToTheSameSize_ChangesNothing(ResizeFilter filter) => Check((width, height, _, _, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        return Resized(source, ResizeGeometry.Stretch(width, height, width, height), filter).SequenceEqual(source);
    });

    [Theory]
    [MemberData(nameof(FloatFilters))]
    public void ResizeToFloats_ToTheSameSize_ChangesNothing(ResizeFilter filter) => Check((width, height, _, _, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        return ResizeToFloats(source, ResizeGeometry.Stretch(width, height, width, height), filter).Select(v => (byte)v).SequenceEqual(source);
    });

    [Theory]
    [MemberData(nameof(ByteFilters))]
    public void Resize_ConstantImage_StaysConstant(ResizeFilter filter) => Check((width, height, toWidth, toHeight, seed) =>
    {
        var value = (byte)seed;
        var source = new byte[3 * width * height];
        source.AsSpan().Fill(value);
        return Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), filter).All(v => v == value);
    });

    [Theory]
    [InlineData(ResizeFilter.PillowBilinear)]
    [InlineData(ResizeFilter.OpenCvLinear)]
    [InlineData(ResizeFilter.Nearest)]
    [InlineData(ResizeFilter.TensorFlowNearest)]
    public void Resize_WithoutNegativeWeights_StaysInTheInputsRange(ResizeFilter filter) => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed).Select(v => (byte)(90 + (v % 40))).ToArray();
        return Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), filter).All(v => v is >= 90 and < 130);
    });

    [Theory]
    [MemberData(nameof(ByteFilters))]
    public void Resize_WithACrop_EqualsTheCropOfTheWhole(ResizeFilter filter) => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var random = new Random(seed);
        var (cropWidth, cropHeight) = (random.Next(1, toWidth + 1), random.Next(1, toHeight + 1));
        var (left, top) = (random.Next(toWidth - cropWidth + 1), random.Next(toHeight - cropHeight + 1));
        var whole = Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), filter);
        var cropped = Resized(source, new(width, height, toWidth, toHeight, left, top, cropWidth, cropHeight), filter);
        return Enumerable.Range(0, cropHeight).All(y =>
            whole.AsSpan(3 * (((top + y) * toWidth) + left), 3 * cropWidth).SequenceEqual(cropped.AsSpan(3 * y * cropWidth, 3 * cropWidth)));
    });

    [Fact]
    public void ResizeToFloats_EqualsTheFormulaInDouble() => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var result = ResizeToFloats(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.TensorFlowBilinear);
        return Enumerable.Range(0, result.Length).All(i => Math.Abs(result[i]
            - Reference.TensorFlowBilinear(source, width, height, i / 3 % toWidth, i / 3 / toWidth, i % 3, toWidth, toHeight)) <= 1e-5);
    });

    /// <summary>Pillow rounds to bytes between the passes and after them; torch's float resize does not.</summary>
    [Theory]
    [InlineData(ResizeFilter.PillowBilinear)]
    [InlineData(ResizeFilter.PillowBicubic)]
    [InlineData(ResizeFilter.PillowLanczos)]
    [InlineData(ResizeFilter.PillowBox)]
    [InlineData(ResizeFilter.PillowHamming)]
    [InlineData(ResizeFilter.PillowNearest)]
    public void Pillow_EqualsItsFormula(ResizeFilter filter) => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var expected = Pillow.Resize(source, width, height, toWidth, toHeight, filter);
        return Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), filter).Zip(expected).All(pair => pair.First == pair.Second);
    });

    [Fact]
    public void TorchBilinear_EqualsItsFormulaInDouble() => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var expected = Pillow.Resize(source, width, height, toWidth, toHeight, ResizeFilter.TorchBilinear);
        return ResizeToFloats(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.TorchBilinear)
            .Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) <= 2e-5);
    });

    [Fact]
    public void OpenCvLinear_EqualsItsFormula() => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var result = Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.OpenCvLinear);
        return Enumerable.Range(0, result.Length).All(i => result[i]
            == Reference.OpenCvLinear(source, width, height, i / 3 % toWidth, i / 3 / toWidth, i % 3, toWidth, toHeight));
    });

    [Fact]
    public void Nearest_TakesTheFloorOfTheProportion() => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var result = Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.Nearest);
        // OpenCV multiplies by the reciprocal of the scale, whose rounding may fall below a whole number.
        static int At(int position, int length, int resized) => Math.Min((int)Math.Floor(position * (1 / ((double)resized / length))), length - 1);
        return Enumerable.Range(0, toWidth * toHeight).All(i => result.AsSpan(3 * i, 3).SequenceEqual(
            source.AsSpan(3 * ((At(i / toWidth, height, toHeight) * width) + At(i % toWidth, width, toWidth)), 3)));
    });

    [Fact]
    public void TensorFlowNearest_TakesThePixelUnderTheCenter() => Check((width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var result = Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.TensorFlowNearest);
        static int At(int position, int length, int resized) => Math.Min((int)Math.Floor((position + 0.5f) * (length / (float)resized)), length - 1);
        return Enumerable.Range(0, toWidth * toHeight).All(i => result.AsSpan(3 * i, 3).SequenceEqual(
            source.AsSpan(3 * ((At(i / toWidth, height, toHeight) * width) + At(i % toWidth, width, toWidth)), 3)));
    });

    [Fact]
    public void TensorFlowNearest_RepeatsPixelsByWholeFactors() => Check((width, height, factor, _, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var (toWidth, toHeight) = (width * factor, height * factor);
        var result = Resized(source, ResizeGeometry.Stretch(width, height, toWidth, toHeight), ResizeFilter.TensorFlowNearest);
        return Enumerable.Range(0, toWidth * toHeight).All(i => result.AsSpan(3 * i, 3).SequenceEqual(
            source.AsSpan(3 * ((i / toWidth / factor * width) + (i % toWidth / factor)), 3)));
    });

    [Theory]
    [InlineData(TensorLayout.Nchw, ResizeFilter.Nearest)]
    [InlineData(TensorLayout.Nhwc, ResizeFilter.Nearest)]
    [InlineData(TensorLayout.Nchw, ResizeFilter.TensorFlowBilinear)]
    [InlineData(TensorLayout.Nhwc, ResizeFilter.TensorFlowBilinear)]
    public void Normalized_EqualsTheFormulaInDouble(TensorLayout layout, ResizeFilter filter)
    {
        // At its own size every kernel gives the source back.
        const int width = 53, height = 3;
        var source = Reference.Noise(width, height, seed: 7);
        var geometry = ResizeGeometry.Stretch(width, height, width, height);
        var spec = new PreprocessSpec { Filter = filter, Resize = Resize.Stretch(width, height), Mean = [0.485, 0.456, 0.406], Std = [0.229, 0.224, 0.225] };
        var tensor = Prepare(source, spec, geometry, layout);
        for (var i = 0; i < tensor.Length; i++)
        {
            var (channel, pixel) = layout == TensorLayout.Nchw ? (i / (width * height), i % (width * height)) : (i % 3, i / 3);
            Assert.Equal(((source[(3 * pixel) + channel] / 255.0) - spec.Mean[channel]) / spec.Std[channel], tensor[i], 1e-5);
        }
    }

    private float[] Prepare(byte[] source, PreprocessSpec spec, ResizeGeometry geometry, TensorLayout layout)
    {
        var tensor = new float[3 * geometry.Width * geometry.Height];
        var writer = new TensorWriter(spec, layout);
        Rows.Start(geometry, spec.Filter);
        for (var y = 0; y < geometry.SourceHeight; y++)
        {
            Rows.Push(y, source.AsSpan(3 * y * geometry.SourceWidth, 3 * geometry.SourceWidth));
            while (Rows.TryProduce(out var row)) writer.Write(Rows, row, geometry, tensor);
        }

        return tensor;
    }

    private byte[] Resized(byte[] source, ResizeGeometry geometry, ResizeFilter filter)
    {
        var result = new byte[3 * geometry.Width * geometry.Height];
        Resampler.Resize(source, geometry, filter, result, Rows);
        return result;
    }

    private float[] ResizeToFloats(byte[] source, ResizeGeometry geometry, ResizeFilter filter)
    {
        var result = new float[3 * geometry.Width * geometry.Height];
        Resampler.Resize(source, geometry, filter, result, Rows);
        return result;
    }

    /// <summary>Holds a law for random source and target sizes of 1 to 40 pixels.</summary>
    private static void Check(Func<int, int, int, int, int, bool> law) => Check(1, 40, law);

    private protected static void Check(int least, int most, Func<int, int, int, int, int, bool> law)
    {
        var side = Gen.Choose(least, most);
        var sizes = from width in side
                    from height in side
                    from toWidth in side
                    from toHeight in side
                    from seed in Gen.Choose(0, 1000)
                    select (width, height, toWidth, toHeight, seed);
        Prop.ForAll(sizes.ToArbitrary(), s => law(s.width, s.height, s.toWidth, s.toHeight, s.seed)).QuickCheckThrowOnFailure();
    }
}

public sealed class ScalarResamplerTests : ResamplerLaws
{
    private protected override RowResampler Rows { get; } = new(vectors: false);
}

public sealed class VectorResamplerTests : ResamplerLaws
{
    private static readonly RowResampler s_scalar = new(vectors: false);

    private protected override RowResampler Rows { get; } = new(vectors: true);

    [Theory]
    [InlineData(ResizeFilter.PillowBilinear)]
    [InlineData(ResizeFilter.PillowBicubic)]
    [InlineData(ResizeFilter.PillowLanczos)]
    [InlineData(ResizeFilter.PillowBox)]
    [InlineData(ResizeFilter.PillowHamming)]
    [InlineData(ResizeFilter.OpenCvLinear)]
    [InlineData(ResizeFilter.Nearest)]
    public void Vectors_EqualTheScalarCodeToTheBit(ResizeFilter filter) => Check(1, 90, (width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var geometry = ResizeGeometry.Stretch(width, height, toWidth, toHeight);
        var (vectors, scalar) = (new byte[3 * toWidth * toHeight], new byte[3 * toWidth * toHeight]);
        Resampler.Resize(source, geometry, filter, vectors, Rows);
        Resampler.Resize(source, geometry, filter, scalar, s_scalar);
        return vectors.AsSpan().SequenceEqual(scalar);
    });

    [Fact]
    public void FloatVectors_EqualTheScalarCodeToTheBit() => Check(1, 90, (width, height, toWidth, toHeight, seed) =>
    {
        var source = Reference.Noise(width, height, seed);
        var geometry = ResizeGeometry.Stretch(width, height, toWidth, toHeight);
        var (vectors, scalar) = (new float[3 * toWidth * toHeight], new float[3 * toWidth * toHeight]);
        Resampler.Resize(source, geometry, ResizeFilter.TensorFlowBilinear, vectors, Rows);
        Resampler.Resize(source, geometry, ResizeFilter.TensorFlowBilinear, scalar, s_scalar);
        return vectors.AsSpan().SequenceEqual(scalar);
    });

    [Theory]
    [InlineData(TensorLayout.Nchw, false)]
    [InlineData(TensorLayout.Nchw, true)]
    [InlineData(TensorLayout.Nhwc, false)]
    [InlineData(TensorLayout.Nhwc, true)]
    public void NormalizedVectors_EqualTheScalarCodeToTheBit(TensorLayout layout, bool bgr)
    {
        for (var width = 1; width <= 70; width++)
        {
            var source = Reference.Noise(width, 2, width);
            var geometry = ResizeGeometry.Stretch(width, 2, width, 2);
            var spec = new PreprocessSpec
            {
                Filter = ResizeFilter.PillowBilinear,
                Resize = Resize.Stretch(width, 2),
                Mean = [0.485, 0.456, 0.406],
                Std = [0.229, 0.224, 0.225],
                Bgr = bgr,
            };
            Assert.Equal(Tensor(s_scalar), Tensor(Rows));

            float[] Tensor(RowResampler rows)
            {
                var tensor = new float[3 * 2 * width];
                var writer = new TensorWriter(spec, layout);
                rows.Start(geometry, ResizeFilter.PillowBilinear);
                for (var y = 0; y < 2; y++)
                {
                    rows.Push(y, source.AsSpan(3 * y * width, 3 * width));
                    while (rows.TryProduce(out var row)) writer.Write(rows, row, geometry, tensor);
                }

                return tensor;
            }
        }
    }
}
