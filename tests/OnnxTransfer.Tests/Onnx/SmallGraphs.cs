using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Networks small enough to see through.</summary>
internal static class SmallGraphs
{
    /// <summary>image [N,3,8,8] -> conv/out [N,4,8,8] -> relu -> pooled [N,4,1,1] -> flat [N,4] -> scores [N,5] -> classes, with a branch that nothing needs.</summary>
    public static OnnxModel Classifier(bool softmax = true)
    {
        var graph = new OnnxGraphBuilder("small");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("conv/w", [4, 3, 3, 3], Values.Random(1, 4, 3, 3, 3).Data);
        graph.Constant("conv/b", [4], Values.Random(2, 4).Data);
        graph.Constant("fc/w", [4, 5], Values.Random(3, 4, 5).Data);
        graph.Constant("unused/factor", [1], [2f]);
        graph.Node("Conv", "conv/out", ["image", "conv/w", "conv/b"], ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }));
        graph.Node("Relu", "relu", ["conv/out"]);
        graph.Node("Mul", "unused", ["relu", "unused/factor"]);
        graph.Node("GlobalAveragePool", "pooled", ["relu"]);
        graph.Node("Flatten", "flat", ["pooled"]);
        graph.Node("Gemm", "scores", ["flat", "fc/w"]);
        if (softmax) graph.Node("Softmax", "classes", ["scores"]);
        graph.Output(softmax ? "classes" : "scores", OnnxElementType.Float32, [OnnxDim.Named("N"), 5]);
        return graph.Build("small.onnx");
    }

    /// <summary>What stands beside <see cref="Classifier"/> as a file.</summary>
    public static ModelCard Card(int side = 8) => new()
    {
        Id = "small",
        License = "MIT",
        Source = "made by the tests",
        Input = new ModelInput("image", TensorLayout.Nchw, side, side),
        Features = new ModelFeatures("flat", 4),
        Classes = new ModelClasses("classes", ScoreKind.Probabilities, 5, null),
        Preprocess = Pixels(side),
    };

    /// <summary>Pixels of that many a side, from -1 to 1.</summary>
    public static PreprocessSpec Pixels(int side) => new()
    {
        Filter = ResizeFilter.PillowBilinear,
        Resize = Resize.Stretch(side, side),
        Mean = [0.5, 0.5, 0.5],
        Std = [0.5, 0.5, 0.5],
    };

    /// <summary>Writes a network, and its card where it has one.</summary>
    public static string Write(OnnxModel model, string path, ModelCard? card)
    {
        model.Save(path);
        card?.Save(ModelCard.PathFor(path));
        return path;
    }

    public static readonly Values Image = Values.Random(7, 2, 3, 8, 8);
}
