using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Damaged files are refused with a sentence, or understood; they never crash, hang or fill the memory.</summary>
public sealed class DamagedOnnxTests
{
    [Fact]
    public void AThousandMutationsAreReadInspectedCutAndSummarised()
    {
        var whole = SmallGraphs.Classifier();
        whole.Graph.Initializer.Add(OnnxTensorData.Make("target", [2], [0L, -1L]));
        whole.Graph.Node.Add(new NodeProto { OpType = "Reshape", Input = { "relu", "target" }, Output = { "reshaped" } });
        var bytes = whole.ToBytes();
        var random = new Random(9);
        var (refused, limit) = (0, 1000L * ((40 * bytes.Length) + 100_000));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var damaged = (byte[])bytes.Clone();
            switch (i % 3)
            {
                case 0: for (var k = 0; k <= i % 5; k++) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8)); break;
                case 1: damaged = damaged[..random.Next(damaged.Length)]; break;
                // A length or size of the largest kind.
                default: damaged.AsSpan(random.Next(damaged.Length - 5), 5).Fill(0xFF); break;
            }

            try
            {
                var model = OnnxModel.Parse(damaged, "damaged.onnx");
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

        Assert.InRange(refused, 300, 1000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, limit);
    }
}
