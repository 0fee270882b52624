using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

/// <summary>The shape of a tensor that does not follow from the graph: one run tells it.</summary>
internal static class TensorShape
{
    /// <summary>Runs a graph on one empty image.</summary>
    /// <param name="graph">A graph that ends in <paramref name="tensor"/>.</param>
    /// <param name="input">Its image input.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="longestRun">The time limit of the run; null for none.</param>
    /// <returns>The shape for one image; null if the graph does not run.</returns>
    /// <exception cref="ModelException">The run took longer than the limit.</exception>
    internal static long[]? Measure(OnnxModel graph, ModelInput input, string tensor, TimeSpan? longestRun)
    {
        var (shape, _) = RuntimeErrors.Try(() =>
        {
            var (runner, _) = SessionFactory.Open(graph.ToBytes(), graph.Source, SessionSettings.OnCpu(longestRun: longestRun));
            using (runner)
            {
                long[] image = [1, .. input.ImageShape];
                using var outputs = runner.Run(input.Tensor, new float[image.Aggregate(1L, (product, side) => product * side)].AsMemory(), image, [tensor]);
                return outputs.Shape(0);
            }
        });
        return shape;
    }
}
