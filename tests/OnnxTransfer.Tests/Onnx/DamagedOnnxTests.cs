using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Damaged files are refused with a sentence, or understood; they never crash, hang or fill the memory.</summary>
public sealed class DamagedOnnxTests
{
    [Fact]
    public void AThousandMutationsAreReadInspectedCutAndSummarisedInAFewTimesTheirSize()
    {
        const int Weights = 50_000;
        var bytes = Whole(Weights);
        var refused = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            try
            {
                var model = OnnxModel.Parse(Damaged(bytes, Weights, i), "damaged.onnx");
                OnnxInspector.Inspect(model);
                OnnxSummary.Of(model);
                OnnxAdapter.UseFloat32(model);
                OnnxAdapter.FreeBatch(model);
                OnnxGraphEditor.CutToFeatures(model, ["flat"]);
                model.ToBytes();
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException or NotSupportedException)
            {
                Assert.True(e.Message.Length > 20);
                refused++;
            }
        }

        Assert.InRange(refused, 300, 999);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000L * 5 * bytes.Length);
    }

    [Fact]
    public void AThousandDamagedFilesAreOpenedOrRefusedInOneSentence()
    {
        using var folder = new TempFolder();
        var path = folder.File("damaged.onnx");
        SmallGraphs.Card().Save(ModelCard.PathFor(path));
        var bytes = Whole(weights: 0);
        var photo = TestImage.NoisyPng(8, 8, (200, 30, 90), 1);
        var (refused, opened) = (0, 0);
        for (var i = 0; i < 1000; i++)
        {
            File.WriteAllBytes(path, Damaged(bytes, weights: 0, i));
            try
            {
                var file = ModelFile.Open(path);
                using var extractor = FeatureExtractor.Load(path, new() { Provider = ExecutionProvider.Cpu, Threads = 1, Layer = i % 2 == 0 ? null : "relu" });
                Assert.Equal(extractor.Dim, extractor.Embed((ReadOnlySpan<byte>)photo).Length);
                Assert.NotEmpty(file.Layers);
                opened++;
            }
            catch (ModelException e)
            {
                Assert.True(e.Message.Length > 20);
                refused++;
            }
        }

        Assert.InRange(opened, 50, 700);
        Assert.Equal(1000, opened + refused);
    }

    private static byte[] Whole(int weights)
    {
        var whole = SmallGraphs.Classifier();
        whole.Graph.Initializer.Add(OnnxTensorData.Make("target", [2], [0L, -1L]));
        whole.Graph.Initializer.Add(OnnxTensorData.Make("large", [weights], new float[weights]));
        whole.Graph.Node.Add(new NodeProto { OpType = "Reshape", Input = { "relu", "target" }, Output = { "reshaped" } });
        whole.Graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "large" }, Output = { "copy" } });
        return whole.ToBytes();
    }

    /// <summary>The same number gives the same damage, away from the bytes of the large constant, of which any is as good as another.</summary>
    private static byte[] Damaged(byte[] bytes, int weights, int number)
    {
        var random = new Random(number);
        var structure = bytes.Length - (4 * weights);
        // The constant stands before the inputs and outputs, which are the last hundred bytes or so.
        int Place() => random.Next(structure) is var at && at < structure - 150 ? at : bytes.Length - (structure - at);
        var damaged = (byte[])bytes.Clone();
        switch (number % 3)
        {
            case 0: for (var k = 0; k <= number % 5; k++) damaged[Place()] ^= (byte)(1 << random.Next(8)); break;
            case 1: damaged = damaged[..Place()]; break;
            // A length or size of the largest kind.
            default: damaged.AsSpan(Math.Min(Place(), bytes.Length - 5), 5).Fill(0xFF); break;
        }

        return damaged;
    }
}
