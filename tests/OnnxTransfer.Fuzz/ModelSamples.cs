using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Backbones;
using OnnxTransfer.Conversion.Tests.TfLite;
using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Fuzz;

/// <summary>The sound files of models, weights and features that are mutated. All are made anew in each run, the same on every machine.</summary>
internal static class ModelSamples
{
    /// <summary>Small networks of every kind that a reader of graphs tells apart.</summary>
    internal static byte[][] Onnx()
    {
        using var folder = new TempFolder();
        TinyTransformer.WriteFolder(folder.Path);
        return [Tiny(TensorLayout.Nchw).ToBytes(), Tiny(TensorLayout.Nhwc).ToBytes(), Scores().ToBytes(), WithFunction().ToBytes(), WithBranch().ToBytes(), Quantized().ToBytes(), File.ReadAllBytes(folder.File("onnx", "model.onnx"))];
    }

    internal static OnnxModel Tiny(TensorLayout layout)
    {
        using var folder = new TempFolder();
        TinyBackbone.Write(folder.File("tiny.onnx"), layout);
        return OnnxModel.Load(folder.File("tiny.onnx"));
    }

    /// <summary>A classifier's graph with a residual addition, dense layers, a softmax and a part that no output needs.</summary>
    private static OnnxModel Scores()
    {
        var graph = new OnnxGraphBuilder("scores");
        graph.Input("image", OnnxElementType.Float32, 1, 3, 8, 8);
        graph.Constant("w", [4, 3, 3, 3], new float[108]);
        graph.Constant("fc", [4, 5], new float[20]);
        graph.Constant("sides", [2], new long[] { 0, -1 });
        graph.Node("Conv", "conv", ["image", "w"], ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }));
        graph.Node("Relu", "relu", ["conv"]);
        graph.Node("Add", "added", ["relu", "conv"]);
        graph.Node("GlobalAveragePool", "pooled", ["added"]);
        graph.Node("Reshape", "flat", ["pooled", "sides"]);
        graph.Node("MatMul", "scores", ["flat", "fc"]);
        graph.Node("Softmax", "classes", ["scores"]);
        graph.Node("TopK", "best", ["classes", graph.Constant("one", [1], new long[] { 1 })]);
        graph.Output("classes", OnnxElementType.Float32, [1, 5]);
        return graph.Build("scores");
    }

    private static OnnxModel WithFunction()
    {
        var model = Tiny(TensorLayout.Nchw);
        model.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        var function = new FunctionProto { Domain = "own", Name = "Twice", Input = { "a" }, Output = { "b" }, AttributeProto = { new AttributeProto { Name = "alpha", F = 1, Type = AttributeProto.Types.AttributeType.Float } } };
        function.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OnnxGraphBuilder.Opset });
        function.Node.Add(new NodeProto { OpType = "LeakyRelu", Input = { "a" }, Output = { "inner" }, Attribute = { new AttributeProto { Name = "alpha", RefAttrName = "alpha", Type = AttributeProto.Types.AttributeType.Float } } });
        function.Node.Add(new NodeProto { OpType = "Add", Input = { "inner", "a" }, Output = { "b" } });
        model.Proto.Functions.Add(function);
        model.Graph.Node.Single(node => node.OpType == "Relu").MergeFrom(new NodeProto { OpType = "Twice", Domain = "own" });
        return model;
    }

    /// <summary>A graph inside a node, and weights that lie in another file.</summary>
    private static OnnxModel WithBranch()
    {
        var model = Tiny(TensorLayout.Nchw);
        var branch = new GraphProto { Name = "then", Node = { new NodeProto { OpType = "Identity", Input = { "activated" }, Output = { "same" } } }, Output = { new ValueInfoProto { Name = "same" } } };
        model.Graph.Initializer.Add(OnnxTensorData.Make("flag", OnnxElementType.Bool, [], [1]));
        var node = new NodeProto { OpType = "If", Input = { "flag" }, Output = { "chosen" } };
        foreach (var name in (string[])["then_branch", "else_branch"]) node.Attribute.Add(new AttributeProto { Name = name, G = branch, Type = AttributeProto.Types.AttributeType.Graph });
        model.Graph.Node.Insert(2, node);
        model.Graph.Node.Single(one => one.OpType == "GlobalAveragePool").Input[0] = "chosen";
        var outside = new TensorProto { Name = "outside", DataType = 1, Dims = { 2 }, DataLocation = TensorProto.Types.DataLocation.External };
        foreach (var (key, value) in ((string, string)[])[("location", "weights.bin"), ("offset", "8"), ("length", "8")]) outside.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        model.Graph.Initializer.Add(outside);
        return model;
    }

    private static OnnxModel Quantized()
    {
        var graph = new OnnxGraphBuilder("codes");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        var (scale, zero) = (graph.Constant("scale", [], [0.1f]), graph.Constant("zero", OnnxElementType.UInt8, [], [128]));
        var w = graph.Constant("w", OnnxElementType.Int8, [4, 3, 1, 1], new byte[12]);
        graph.Node("QuantizeLinear", "codes", ["image", scale, zero]);
        graph.Node("DequantizeLinear", "real", ["codes", scale, zero]);
        graph.Node("DequantizeLinear", "weights", [w, graph.Constant("scales", [4], [0.1f, 0.2f, 0.3f, 0.4f])], ("axis", 0));
        graph.Node("Conv", "conv", ["real", "weights"]);
        graph.Node("Cast", "half", ["conv"], ("to", (int)OnnxElementType.Float16));
        graph.Node("Cast", "whole", ["half"], ("to", (int)OnnxElementType.Float32));
        graph.Node("ReduceMean", "features", ["whole"], ("axes", new[] { 2, 3 }), ("keepdims", 0));
        graph.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), 4]);
        return graph.Build("codes");
    }

    /// <summary>For each operator of TFLite that is converted a network with it, and some whole networks.</summary>
    internal static byte[][] TfLite() => [.. TfLiteOperators(), Detector(), Codes(TfLiteType.Int8), Codes(TfLiteType.UInt8)];

    private static IEnumerable<byte[]> TfLiteOperators()
    {
        TfLiteOp[] alone =
        [
            TfLiteOp.Floor, TfLiteOp.Logistic, TfLiteOp.Relu, TfLiteOp.ReluN1To1, TfLiteOp.Relu6, TfLiteOp.Relu0To1, TfLiteOp.Tanh, TfLiteOp.Exp, TfLiteOp.Neg, TfLiteOp.Sin,
            TfLiteOp.Cos, TfLiteOp.Log, TfLiteOp.Sqrt, TfLiteOp.Rsqrt, TfLiteOp.Square, TfLiteOp.Abs, TfLiteOp.Ceil, TfLiteOp.Round, TfLiteOp.Elu, TfLiteOp.HardSwish, TfLiteOp.Gelu,
            TfLiteOp.Sign, TfLiteOp.Softmax, TfLiteOp.LogSoftmax, TfLiteOp.L2Normalization, TfLiteOp.LocalResponseNormalization, TfLiteOp.LeakyRelu, TfLiteOp.Dequantize, TfLiteOp.Cast,
            TfLiteOp.Squeeze, TfLiteOp.ArgMax, TfLiteOp.Shape, TfLiteOp.Rank,
        ];
        foreach (var op in alone) yield return Of((b, x, y) => b.Op(op, [x], y, new FlatNode { [0] = 0.3f }));
        foreach (var op in (TfLiteOp[])[TfLiteOp.Add, TfLiteOp.Sub, TfLiteOp.Mul, TfLiteOp.Div, TfLiteOp.Pow, TfLiteOp.FloorDiv, TfLiteOp.SquaredDifference, TfLiteOp.Maximum, TfLiteOp.Minimum, TfLiteOp.AddN])
        {
            yield return Of((b, x, y) => b.Op(op, [x, x], y, new FlatNode { [0] = 1 }));
            yield return Of((b, x, y) => b.Op(op, [x, b.Constant("c", [4], [1f, 2, 3, 4])], y, new FlatNode { [0] = 3 }));
        }

        foreach (var op in (TfLiteOp[])[TfLiteOp.Mean, TfLiteOp.Sum, TfLiteOp.ReduceMax, TfLiteOp.ReduceMin, TfLiteOp.ReduceProd]) yield return Of((b, x, y) => b.Op(op, [x, b.Constant("axes", 1, 2)], y, new FlatNode { [0] = true }));
        foreach (var op in (TfLiteOp[])[TfLiteOp.AveragePool2D, TfLiteOp.MaxPool2D, TfLiteOp.L2Pool2D]) yield return Of((b, x, y) => b.Op(op, [x], y, new FlatNode { [0] = (byte)1, [1] = 2, [2] = 2, [3] = 3, [4] = 2, [5] = 1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Conv2D, [x, b.Constant("w", [3, 3, 2, 4], new float[72]), b.Constant("b", [3], new float[3])], y, new FlatNode { [0] = (byte)0, [1] = 2, [2] = 1, [3] = 3, [4] = 1, [5] = 1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.DepthwiseConv2D, [x, b.Constant("w", [1, 3, 3, 8], new float[72]), b.Constant("b", [8], new float[8])], y, new FlatNode { [0] = (byte)1, [1] = 1, [2] = 1, [3] = 2, [4] = 1, [5] = 2, [6] = 1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.TransposeConv, [b.Constant("sides", 1, 8, 8, 2), b.Constant("w", [2, 3, 3, 4], new float[72]), x], y, new FlatNode { [0] = (byte)0, [1] = 2, [2] = 2 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.FullyConnected, [x, b.Constant("w", [5, 64], new float[320]), b.Constant("b", [5], new float[5])], y, new FlatNode { [0] = (byte)1, [2] = false }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.FullyConnected, [x, b.Constant("w", [5, 64], new Half[320]), -1], y, new FlatNode { [0] = (byte)0, [2] = false }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.BatchMatMul, [x, b.Constant("m", [1, 1, 4, 3], new float[12])], y, new FlatNode { [0] = false, [1] = false }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.PRelu, [x, b.Constant("slope", [1, 1, 4], new float[4])], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Reshape, [x, b.Constant("to", -1, 8, 8)], y, new FlatNode { [0] = new[] { -1, 8, 8 } }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.ExpandDims, [x, b.Scalar("axis", 1)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Transpose, [x, b.Constant("perm", 0, 3, 1, 2)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Tile, [x, b.Constant("times", 1, 2, 1, 3)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.BroadcastTo, [x, b.Constant("to", 1, 4, 4, 4)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Slice, [x, b.Constant("from", 0, 1, 0, 2), b.Constant("size", 1, 2, -1, 1)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.StridedSlice, [x, b.Constant("from", 0, 0, 1, 0), b.Constant("to", 1, 4, 4, 4), b.Constant("step", 1, 2, 1, 1)], y, new FlatNode { [0] = 1, [1] = 2, [2] = 0, [3] = 0, [4] = 0 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.ReverseV2, [x, b.Constant("axis", 2)], y));
        yield return Of((b, x, y) => b.Op((int)TfLiteOp.Split, "", [b.Scalar("axis", 3), x], [y, b.Tensor("other", 1, 4, 4, 2)], new FlatNode { [0] = 2 }));
        yield return Of((b, x, y) => b.Op((int)TfLiteOp.SplitV, "", [x, b.Constant("sizes", 1, -1), b.Scalar("axis", 3)], [y, b.Tensor("other", 1, 4, 4, 3)], new FlatNode { [0] = 2 }));
        yield return Of((b, x, y) => b.Op((int)TfLiteOp.Unpack, "", [x], [y, b.Tensor("a", 1, 4, 4), b.Tensor("c", 1, 4, 4), b.Tensor("d", 1, 4, 4)], new FlatNode { [0] = 4, [1] = 3 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Pack, [x, x], y, new FlatNode { [0] = 2, [1] = 1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Gather, [x, b.Constant("which", 2, 0)], y, new FlatNode { [0] = 3 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Concatenation, [x, x, b.Constant("c", [1, 4, 4, 1], new float[16])], y, new FlatNode { [0] = 3, [1] = (byte)1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.Pad, [x, b.Constant("pads", 0, 0, 1, 2, 0, 1, 0, 0)], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.PadV2, [x, b.Constant("pads", 0, 0, 1, 2, 0, 1, 0, 0), b.Constant("by", [1], [1f])], y));
        yield return Of((b, x, y) => b.Op(TfLiteOp.MirrorPad, [x, b.Constant("pads", 0, 0, 1, 2, 0, 1, 0, 0)], y, new FlatNode { [0] = (byte)1 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.ResizeBilinear, [x, b.Constant("size", 8, 6)], y, new FlatNode { [0] = 0, [1] = 0, [2] = false, [3] = true }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.ResizeNearestNeighbor, [x, b.Constant("size", 8, 6)], y, new FlatNode { [0] = false, [1] = true }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.DepthToSpace, [x], y, new FlatNode { [0] = 2 }));
        yield return Of((b, x, y) => b.Op(TfLiteOp.SpaceToDepth, [x], y, new FlatNode { [0] = 2 }));
        yield return Of((b, x, y) =>
        {
            var (pieces, conv) = (b.Tensor("pieces", 4, 2, 2, 4), b.Tensor("conv", 4, 2, 2, 4));
            b.Op(TfLiteOp.SpaceToBatchNd, [x, b.Constant("block", 2, 2), b.Constant("pads", 0, 0, 0, 0)], pieces);
            b.Op(TfLiteOp.DepthwiseConv2D, [pieces, b.Constant("w", [1, 1, 1, 4], new float[4]), -1], conv, new FlatNode { [0] = (byte)1, [1] = 1, [2] = 1, [3] = 1 });
            b.Op(TfLiteOp.BatchToSpaceNd, [conv, b.Constant("block2", 2, 2), b.Constant("crops", 0, 0, 0, 0)], y);
        });

        static byte[] Of(Action<TfLiteBuilder, int, int> add)
        {
            var b = new TfLiteBuilder();
            int x = b.Tensor("x", 1, 4, 4, 4), y = b.Tensor("y", 1, 4, 4, 4);
            add(b, x, y);
            return b.Build([x], y);
        }
    }

    private static byte[] Detector()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 8, 8, 3), first = b.Tensor("first", 1, 4, 4, 4), second = b.Tensor("second", 1, 4, 4, 4), sum = b.Tensor("sum", 1, 4, 4, 4), mean = b.Tensor("mean", 1, 4), scores = b.Tensor("scores", 1, 5);
        b.Op(TfLiteOp.Conv2D, [x, b.Constant("w1", [4, 3, 3, 3], new float[108]), b.Constant("b1", [4], new float[4])], first, new FlatNode { [1] = 2, [2] = 2, [3] = (byte)3 });
        b.Op(TfLiteOp.DepthwiseConv2D, [first, b.Constant("w2", [1, 3, 3, 4], new float[36]), -1], second, new FlatNode { [1] = 1, [2] = 1, [3] = 1, [4] = (byte)1 });
        b.Op(TfLiteOp.Add, [first, second], sum, new FlatNode { [0] = (byte)1 });
        b.Op(TfLiteOp.Mean, [sum, b.Constant("axes", 1, 2)], mean, new FlatNode { [0] = false });
        b.Op(TfLiteOp.FullyConnected, [mean, b.Constant("w3", [5, 4], new float[20]), b.Constant("b3", [5], new float[5])], scores, []);
        b.Op((int)TfLiteOp.Custom, "TFLite_Detection_PostProcess", [scores], b.Tensor("found", 1, 10));
        return b.Build([x], scores, sum);
    }

    private static byte[] Codes(TfLiteType type)
    {
        var b = new TfLiteBuilder();
        var zero = type == TfLiteType.UInt8 ? 128 : 0;
        int x = b.Tensor("image", [1, 6, 6, 3], TfLiteType.UInt8, 6f / 255, 128), q = b.Tensor("q", [1, 6, 6, 3], type, 6f / 255, zero), c = b.Tensor("c", [1, 6, 6, 4], type, 0.05f, zero), s = b.Tensor("s", [1, 6, 6, 4], type, 0.06f, zero), m = b.Tensor("m", [1, 4], type, 0.02f, zero);
        float[] scales = [0.001f, 0.002f, 0.0015f, 0.003f];
        var w = type == TfLiteType.UInt8
            ? b.Constant("w", [4, 1, 1, 3], new byte[12], [0.002f], [120L], 0)
            : b.Constant("w", [4, 1, 1, 3], new sbyte[12], scales, new long[4], 0);
        b.Op(TfLiteOp.Quantize, [x], q);
        b.Op(TfLiteOp.Conv2D, [q, w, b.Constant("b", [4], new int[4], type == TfLiteType.UInt8 ? [0.002f * 6 / 255] : [.. scales.Select(v => v * 6 / 255)], 0)], c, new FlatNode { [1] = 1, [2] = 1, [3] = (byte)3 });
        b.Op(TfLiteOp.Add, [c, c], s, []);
        b.Op(TfLiteOp.Mean, [s, b.Constant("axes", 1, 2)], m, new FlatNode { [0] = false });
        return b.Build([x], m, s);
    }

    internal static string KerasText(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Keras", name));

    /// <summary>A small network of TensorFlow.js, and its layers one by one as a sequence.</summary>
    internal static byte[][] KerasJson() => [Encoding.UTF8.GetBytes(KerasText("small.model.json")), Encoding.UTF8.GetBytes(Minified(KerasText("small.model.json")))];

    private static string Minified(string json) => JsonNode.Parse(json)!.ToJsonString();

    /// <summary>The bytes of all weights that a <c>model.json</c> lists.</summary>
    internal static byte[] KerasShard(string json) =>
        new byte[JsonNode.Parse(json)!["weightsManifest"]![0]!["weights"]!.AsArray().Sum(weight => 4 * weight!["shape"]!.AsArray().Aggregate(1, (product, side) => product * (int)side!))];

    /// <summary>The small networks as h5py writes them; none where there is no Python with h5py.</summary>
    internal static byte[][] Keras(string extension)
    {
        using var folder = new TempFolder();
        var files = new List<byte[]>();
        foreach (var name in (string[])["small.model.json", "families.model.json"])
        {
            var text = KerasText(name);
            File.WriteAllText(folder.File("model.json"), text);
            foreach (var path in JsonNode.Parse(text)!["weightsManifest"]![0]!["paths"]!.AsArray()) File.WriteAllBytes(folder.File((string)path!), KerasShard(text));
            using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Keras", "make_h5.py"), folder.Path]) { RedirectStandardError = true })!;
            python.StandardError.ReadToEnd();
            python.WaitForExit();
            if (python.ExitCode != 0) throw new InvalidDataException("The files of Keras need /usr/bin/python3 with h5py (Debian's python3-h5py).");
            files.AddRange(Directory.GetFiles(folder.Path, "*" + extension).Order(StringComparer.Ordinal).Select(File.ReadAllBytes));
        }

        return [.. files];
    }

    internal static byte[] Safetensors()
    {
        var header = Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"np"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F16","shape":[4],"data_offsets":[16,24]},"c":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]},"d":{"dtype":"I64","shape":[1],"data_offsets":[28,36]}}""");
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[36]];
    }

    internal static byte[] Npy(string type, string shape, int bytes, string order = "False")
    {
        var text = $"{{'descr': '{type}', 'fortran_order': {order}, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. new byte[bytes]];
    }

    internal static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                var entry = zip.CreateEntry(name, level);
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return bytes.ToArray();
    }

    internal static ClassifierHead Softmax(int dim = TinyBackbone.Dim) =>
        ClassifierHead.FromWeights(Matrix<float>.Build.Dense(dim, 2, (d, c) => (d + c) / 10f), Vector<float>.Build.Dense(2));

    internal static byte[][] Heads()
    {
        using var folder = new TempFolder();
        var mlp = ClassifierHead.FromLayers([new DenseLayer(3, 4, new float[12], new float[4], Activation.Relu), new DenseLayer(4, 2, new float[8], new float[2], Activation.Softmax)]);
        var sigmoid = ClassifierHead.FromLayers([new DenseLayer(3, 2, new float[6], new float[2], Activation.Sigmoid)]);
        ClassifierHead[] heads = [Softmax(3), mlp, sigmoid];
        foreach (var (head, i) in heads.Select((head, i) => (head, i))) HeadFile.Write(folder.File($"{i}.onnx"), head, ["a", "b"], null, CancellationToken.None);
        return [.. heads.Select((_, i) => File.ReadAllBytes(folder.File($"{i}.onnx")))];
    }

    /// <summary>Vectors that a classifier keeps.</summary>
    internal static KeptFeatures Kept(int dim) => new(
        new FeatureMatrix(new float[3 * dim], 3, dim), [0, 1, 1], [DataSplit.Train, DataSplit.Validation, DataSplit.Test], [1, 1, 2], ["1.jpg", "2.jpg", "3.jpg"], "origin");

    internal static byte[][] Classifiers()
    {
        var (model, card) = (Tiny(TensorLayout.Nchw), TinyBackbone.Card());
        var probe = new ClassifierProbe([[0.5f, 0.5f], [0.4f, 0.6f]]);
        byte[] Of(KeptFeatures? kept, Certainty certainty) => ClassifierFile.Build(new Backbone("tiny", model, card, []), card, Softmax(), ["a", "b"], "training", certainty, kept, probe).ToBytes();
        return [Of(null, Certainty.None), Of(Kept(TinyBackbone.Dim), new Certainty(ClassifierCalibration.FromJson("""{"temperature":1.5,"lossBefore":1,"lossAfter":0.5,"truths":[0.9,0.5]}"""), 0.5))];
    }

    /// <summary>Writes a feature set of two parts.</summary>
    internal static void WriteSet(string folder)
    {
        var network = SetNetwork.Of("net", null, 2, ["made by the fuzzer"]);
        var images = SetImages.Of(Enumerable.Range(0, 5).Select(i => ImageInput.FromBytes(new byte[1], $"{i}.jpg")), root: null, id => id == "3.jpg" ? null : "rose");
        var plan = SetPlan.Of(images, 3, network, root: null);
        var set = new SetFolder(folder);
        set.Claim(plan, images, isShard: false);
        for (var part = 0; part < plan.Parts.Count; part++)
        {
            var planned = images.Part(part, plan.PartSize);
            var writer = new FeaturePartWriter(plan, part, planned, "generated");
            foreach (var image in planned.ToArray()) writer.Add(new float[2], image.Id == "1.jpg" ? "It is no image." : null);
            writer.Write(set);
        }

        set.TryFinish(plan, _ => true);
    }
}
