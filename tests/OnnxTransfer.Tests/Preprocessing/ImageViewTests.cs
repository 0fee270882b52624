using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>The views of an image: which pixels of it the network sees.</summary>
public sealed class ImageViewTests
{
    private static readonly PreprocessSpec s_stretch = new() { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(14, 14), Mean = [0.5, 0.4, 0.3], Std = [0.2, 0.3, 0.4] };

    public static TheoryData<PreprocessSpec, int, int, int, int> Geometries => new()
    {
        // The resize leaves room: the corners of torchvision's FiveCrop.
        { s_stretch with { Resize = Resize.ShortestEdge(256, 224) }, 500, 375, 341, 256 },
        { s_stretch with { Resize = Resize.Stretch(299, 299, new ImageSize(224, 224)) }, 500, 375, 299, 299 },
        // It leaves none, or too little: 8/7 of the window.
        { s_stretch with { Resize = Resize.Stretch(224, 224) }, 500, 375, 256, 256 },
        { s_stretch with { Resize = Resize.ShortestEdge(224, 224) }, 448, 224, 512, 256 },
        { s_stretch with { Resize = Resize.ShortestEdge(232, 224) }, 300, 300, 256, 256 },
        // Enlarged whole.
        { s_stretch with { Resize = Resize.ShortestEdge(256, 224), Upsampling = ResizeFilter.TensorFlowBilinear }, 32, 32, 256, 256 },
    };

    [Theory]
    [MemberData(nameof(Geometries))]
    public void A_corner_lies_at_the_corner_of_an_image_with_room(PreprocessSpec spec, int width, int height, int resizedWidth, int resizedHeight)
    {
        var plain = ResizeGeometry.For(spec, width, height);
        var views = Enum.GetValues<CropWindow>().Skip(1).Select(window => ResizeGeometry.For(spec, width, height, new ImageView(window, IsMirrored: false))).ToArray();
        Assert.All(views, view => Assert.Equal((resizedWidth, resizedHeight, plain.Width, plain.Height, plain.Upsampling), (view.ResizedWidth, view.ResizedHeight, view.Width, view.Height, view.Upsampling)));
        var (right, bottom) = (resizedWidth - plain.Width, resizedHeight - plain.Height);
        Assert.Equal([(0, 0), (right, 0), (0, bottom), (right, bottom)], views.Select(view => (view.Left, view.Top)));
    }

    [Fact]
    public void Every_window_lies_inside_and_has_an_eighth_of_its_side_to_move() => Prop.ForAll(
        Gen.Choose(1, 60).Four().ToArbitrary(), sizes =>
        {
            var (width, height, crop, more) = sizes;
            var spec = s_stretch with { Resize = Resize.ShortestEdge(crop + more - 1, crop) };
            foreach (var view in ImageView.Of(Augmentation.FlipAndCrops))
            {
                var geometry = ResizeGeometry.For(spec, width, height, view);
                Assert.True(geometry.Left >= 0 && geometry.Top >= 0 && geometry.Left + geometry.Width <= geometry.ResizedWidth && geometry.Top + geometry.Height <= geometry.ResizedHeight);
                if (view.Window == CropWindow.Center) Assert.Equal(ResizeGeometry.For(spec, width, height), geometry with { IsMirrored = false });
                else Assert.True(geometry.ResizedWidth >= Math.Round(crop * 8 / 7.0) && geometry.ResizedHeight >= Math.Round(crop * 8 / 7.0));
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(TensorLayout.Nchw, ResizeFilter.PillowBilinear)]
    [InlineData(TensorLayout.Nhwc, ResizeFilter.PillowBilinear)]
    [InlineData(TensorLayout.Nchw, ResizeFilter.TensorFlowBilinear)]
    [InlineData(TensorLayout.Nhwc, ResizeFilter.TensorFlowBilinear)]
    public void A_mirrored_view_is_the_other_one_flipped_left_to_right_to_the_bit(TensorLayout layout, ResizeFilter filter)
    {
        var spec = s_stretch with { Filter = filter };
        var png = TestImage.NoisyPng(37, 23, (90, 160, 30), 5);
        foreach (var window in Enum.GetValues<CropWindow>())
        {
            var (plain, mirrored) = (Prepare(spec, layout, png, new ImageView(window, IsMirrored: false)), Prepare(spec, layout, png, new ImageView(window, IsMirrored: true)));
            var expected = new float[plain.Length];
            for (var c = 0; c < 3; c++)
            {
                for (var y = 0; y < 14; y++)
                {
                    for (var x = 0; x < 14; x++) expected[Place(layout, c, y, x)] = plain[Place(layout, c, y, 13 - x)];
                }
            }

            Assert.NotEqual(plain, mirrored);
            Assert.Equal(expected, mirrored);
        }
    }

    [Fact]
    public void A_corner_has_the_pixels_of_the_larger_resize()
    {
        var png = TestImage.NoisyPng(37, 23, (90, 160, 30), 6);
        var large = Prepare(s_stretch with { Resize = Resize.Stretch(16, 16) }, TensorLayout.Nchw, png, ImageView.Plain);
        foreach (var (window, left, top) in new[] { (CropWindow.TopLeft, 0, 0), (CropWindow.TopRight, 2, 0), (CropWindow.BottomLeft, 0, 2), (CropWindow.BottomRight, 2, 2) })
        {
            var corner = Prepare(s_stretch, TensorLayout.Nchw, png, new ImageView(window, IsMirrored: false));
            for (var i = 0; i < corner.Length; i++)
            {
                var (c, y, x) = (i / 196, i / 14 % 14, i % 14);
                Assert.Equal(large[(c * 256) + ((y + top) * 16) + x + left], corner[i]);
            }
        }
    }

    /// <summary>Decoded row by row or as a whole.</summary>
    [Fact]
    public void Every_view_of_pixels_is_the_view_of_their_file()
    {
        var png = TestImage.NoisyPng(37, 23, (90, 160, 30), 7);
        using var pixels = ImageDecoders.Default.Decode(png);
        foreach (var view in ImageView.Of(Augmentation.FlipAndCrops))
        {
            var whole = new float[3 * 14 * 14];
            new ImagePreprocessor(s_stretch, TensorLayout.Nchw).Prepare(pixels, whole, view);
            Assert.Equal(Prepare(s_stretch, TensorLayout.Nchw, png, view), whole);
        }
    }

    [Fact]
    public void Augmentations_have_different_views_and_the_plain_one_first()
    {
        foreach (var (augmentation, count) in new[] { (Augmentation.None, 1), (Augmentation.Flip, 2), (Augmentation.Crops, 5), (Augmentation.FlipAndCrops, 10) })
        {
            var views = ImageView.Of(augmentation);
            Assert.Equal(count, views.Distinct().Count());
            Assert.True(views[0].IsPlain);
        }
    }

    /// <summary>A row in the cache is found for its own view only, and rows of earlier versions are found for the plain one.</summary>
    [Fact]
    public void Every_view_has_a_key_of_its_own()
    {
        var preprocessor = new ImagePreprocessor(s_stretch, TensorLayout.Nchw);
        using var image = preprocessor.Open(ImageInput.FromBytes(TestImage.NoisyPng(8, 8, (1, 2, 3), 1)), CancellationToken.None);
        var keys = ImageView.Of(Augmentation.FlipAndCrops).Select(view => Convert.ToHexString(ImagePreprocessor.RowKey(preprocessor.ContentKey(image), view))).ToArray();
        Assert.Equal(10, keys.Distinct().Count());
        Assert.Equal(Convert.ToHexString(image.ContentKey(ImageDecoders.Default)), keys[0]);
    }

    private static int Place(TensorLayout layout, int c, int y, int x) => layout == TensorLayout.Nchw ? (c * 196) + (y * 14) + x : (((y * 14) + x) * 3) + c;

    private static float[] Prepare(PreprocessSpec spec, TensorLayout layout, byte[] png, ImageView view)
    {
        var (width, height) = spec.OutputSize;
        var tensor = new float[3 * width * height];
        new ImagePreprocessor(spec, layout).Prepare(png, tensor, view: view);
        return tensor;
    }
}
