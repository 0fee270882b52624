using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

using static OnnxTransfer.Conversion.Tests.TfLite.Conversion;

namespace OnnxTransfer.Conversion.Tests.TfLite;

public sealed class TfLiteConverterTests
{
    /// <summary>Two convolutions with a custom operator behind the first and a reshape fixed to the input size at the end.</summary>
    private static byte[] Detector()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("image", 1, 8, 8, 3), first = b.Tensor("first;first/conv", 1, 4, 4, 5), second = b.Tensor("second", 1, 2, 2, 3);
        int flat = b.Tensor("flat", 1, 12), custom = b.Tensor("boxes", 1, 4);
        FlatNode stride2 = new() { [1] = 2, [2] = 2, [3] = (byte)3 };
        b.Op(TfLiteOp.Conv2D, [x, b.Constant("w1", [5, 3, 3, 3], Values.Random(1, 135).Data), -1], first, stride2);
        b.Op((int)TfLiteOp.Custom, "PostProcess", [first], custom);
        b.Op(TfLiteOp.Conv2D, [first, b.Constant("w2", [3, 3, 3, 5], Values.Random(2, 135).Data), -1], second, stride2);
        b.Op(TfLiteOp.Reshape, [second, b.Constant("shape", 1, 12)], flat);
        return b.Build([x], flat, custom);
    }

    [Fact]
    public void OnlyWhatTheOutputsNeedIsConverted()
    {
        var error = Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(Detector()));
        Assert.Contains("Operator 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("'PostProcess'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'boxes'", error.Message, StringComparison.Ordinal);

        var model = AssertSame(Detector(), new TfLiteOptions { Outputs = ["flat", "first"] });

        Assert.Equal(["flat", "first"], model.Outputs.Select(o => o.Name));
    }

    [Fact]
    public void TheInputSizeCanBeSet()
    {
        var model = AssertSame(Detector(), new TfLiteOptions { Outputs = ["second"], Height = 21, Width = 16 });
        Assert.Equal("[N,3,21,16]", model.Inputs[0].ShapeText);
        Assert.Equal("[N,3,6,4]", model.Outputs[0].ShapeText);

        var error = Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(Detector(), new TfLiteOptions { Outputs = ["flat"], Height = 21 }));
        Assert.Contains("RESHAPE", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => TfLiteConverter.Convert(Detector(), new TfLiteOptions { Outputs = ["second"], Height = 0 }));
    }

    [Fact]
    public void TheInputMayKeepTfLiteOrderByOneTranspose()
    {
        var model = AssertSame(Detector(), new TfLiteOptions { Outputs = ["second"], InputLayout = TensorLayout.Nhwc });

        Assert.Equal("[N,8,8,3]", model.Inputs[0].ShapeText);
        Assert.Single(model.Graph.Node, n => n.OpType == "Transpose");
    }

    [Fact]
    public void WithoutThatNoTransposeIsNeeded() =>
        Assert.DoesNotContain(AssertSame(Detector(), new TfLiteOptions { Outputs = ["second"] }).Graph.Node, n => n.OpType == "Transpose");

    [Fact]
    public void TheSameModelGivesTheSameBytes()
    {
        var options = new TfLiteOptions { Outputs = ["flat"] };
        Assert.Equal(TfLiteConverter.Convert(Detector(), options), TfLiteConverter.Convert(Detector(), options));
    }

    [Fact]
    public void AnOutputMayBeNamedInFull()
    {
        var model = AssertSame(Detector(), new TfLiteOptions { Outputs = ["first;first/conv"] });

        Assert.Equal("first", model.Outputs[0].Name);
    }

    [Fact]
    public void AnUnknownOutputListsTheNearestNames() =>
        Assert.Contains("names are second,", Assert.Throws<ArgumentException>(() => TfLiteConverter.Convert(Detector(), new TfLiteOptions { Outputs = ["secnd"] })).Message, StringComparison.Ordinal);

    [Fact]
    public void AnUnknownOperatorIsNamedWithItsPlace()
    {
        var b = new TfLiteBuilder();
        var (x, y) = (b.Tensor("x", 1, 4), b.Tensor("why", 1, 4));
        b.Op(16, "", [x], y);

        var error = Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(b.Build([x], y)));

        Assert.Contains("Operator 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("the LSTM that", error.Message, StringComparison.Ordinal);
        Assert.Contains("'why'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesAreUniqueAndNeverEmpty()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("", 1, 4), a = b.Tensor("same", 1, 4), y = b.Tensor("same", 1, 4);
        b.Op(TfLiteOp.Tanh, [x], a);
        b.Op(TfLiteOp.Relu, [a], y);

        var model = AssertSame(b.Build([x], y), new TfLiteOptions());

        Assert.Equal(["tensor_0"], model.Inputs.Select(i => i.Name));
        Assert.Equal(["same", "same_1"], OnnxGraphEditor.ComputedTensors(model));
    }

    [Fact]
    public void AFileIsWrittenWhole()
    {
        using var folder = new TempFolder();
        var (source, target) = (folder.File("m.tflite"), folder.File("m.onnx"));
        File.WriteAllBytes(source, Detector());

        TfLiteConverter.Convert(source, target, new TfLiteOptions { Outputs = ["second"] });

        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
        Assert.Equal("second", OnnxModel.Load(target).Outputs[0].Name);
        File.WriteAllText(source, "not a model at all");
        Assert.Contains("m.tflite", Assert.Throws<InvalidDataException>(() => TfLiteConverter.Convert(source, target)).Message, StringComparison.Ordinal);
    }

    /// <summary>A thousand damaged files: each converts or is refused with one of three kinds of error, and none costs much memory.</summary>
    [Fact]
    public void DamagedFilesAreRefusedOrConvertedButNeverCrash()
    {
        var whole = Detector();
        var options = new TfLiteOptions { Outputs = ["second"] };
        var random = new Random(5);
        var refused = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var damaged = (byte[])whole.Clone();
            switch (i % 3)
            {
                case 0: damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8)); break;
                case 1: damaged = damaged[..random.Next(damaged.Length)]; break;
                default: BitConverter.TryWriteBytes(damaged.AsSpan(4 * random.Next(damaged.Length / 4)), random.Next(3) == 0 ? uint.MaxValue : (uint)random.Next()); break;
            }

            try
            {
                TfLiteConverter.Convert(damaged, options);
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException or ArgumentException)
            {
                Assert.True(e.Message.Length > 20);
                refused++;
            }
        }

        Assert.InRange(refused, 500, 990);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000L * ((8 * whole.Length) + (1 << 20)));
    }

    /// <summary>Elements without a fixed size have no length to compare with: a shape alone must not take memory.</summary>
    [Theory]
    [InlineData(TfLiteType.Text)]
    [InlineData(TfLiteType.Int4)]
    [InlineData(TfLiteType.Int2)]
    [InlineData(TfLiteType.UInt4)]
    [InlineData(TfLiteType.Resource)]
    [InlineData(TfLiteType.Variant)]
    [InlineData(TfLiteType.Complex128)]
    [InlineData((TfLiteType)99)]
    internal void AConstantWithMoreElementsThanItsBytesCanHoldIsRefused(TfLiteType type)
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4, 4, 3), y = b.Tensor("y", 1, 4, 4, 3);
        b.Op(TfLiteOp.Tile, [x, b.Constant("times", [1 << 27], type, new byte[8])], y);
        var file = b.Build([x], y);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("'times' of shape [134217728]", Assert.Throws<InvalidDataException>(() => TfLiteConverter.Convert(file)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    /// <summary>Operators that pass a constant on in a circle end all the same, with its values.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AConstantThatIsPassedOnToItselfIsThatConstant(int length)
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4), y = b.Tensor("y", 1, 4);
        int[] circle = [b.Constant("c", [4], [1f, 2, 3, 4]), .. Enumerable.Range(1, length - 1).Select(i => b.Tensor($"t{i}", 4))];
        for (var i = 0; i < 2 * length; i++) b.Op(TfLiteOp.Dequantize, [circle[i % length]], circle[(i + 1) % length]);
        b.Op(TfLiteOp.Add, [x, circle[^1]], y, []);

        var converted = OnnxModel.Parse(TfLiteConverter.Convert(b.Build([x], y)));

        Assert.Equal([1f, 2, 3, 4], OnnxTensorData.ReadFloats(Assert.Single(converted.Graph.Initializer)));
    }

    [Fact]
    public void ATableThatRefersToTheSameBytesAgainAndAgainIsRefused()
    {
        // Every entry of a list of tables points to one tensor with a long name: legal by its offsets, endless in memory.
        var tensor = new FlatNode { [0] = new[] { 1 }, [3] = new string('n', 100_000) };
        var graph = new FlatNode { [0] = Enumerable.Repeat(new FlatNode(), 20_000).ToArray(), [1] = new[] { 0 }, [2] = new[] { 0 } };
        var bytes = FlatWriter.Write(new FlatNode { [2] = new[] { graph, new FlatNode { [0] = new[] { tensor } } }, [4] = new[] { new FlatNode() } }, "TFL3");
        var file = new FlatFile(bytes, "test");
        var graphs = file.Root().Tables(2);
        var target = graphs[1].Tables(0)[0];

        Assert.Equal(100_000, target.Text(3).Length);
        Assert.Throws<InvalidDataException>(() => { for (var i = 0; i < 20_000; i++) target.Text(3); });
    }
}
