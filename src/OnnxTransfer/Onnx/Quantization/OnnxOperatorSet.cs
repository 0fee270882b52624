using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>Translates a graph of an older operator set, for what only newer ones can say.</summary>
internal static class OnnxOperatorSet
{
    private const long Wanted = 13;
    private const long Oldest = 7;

    /// <summary>Operators that mean the same in sets 7 to 13, in the forms that networks on images use.</summary>
    private static readonly HashSet<string> s_same =
    [
        "Abs", "Add", "AveragePool", "Cast", "Concat", "Constant", "Conv", "Div", "Elu", "Erf", "Exp", "Flatten", "Gather", "Gemm",
        "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "Identity", "LRN", "LeakyRelu", "MatMul", "Max", "MaxPool", "Min", "Mul", "Neg", "PRelu",
        "Pow", "ReduceMean", "Relu", "Reshape", "Selu", "Shape", "Sigmoid", "Softplus", "Sqrt", "Sub", "Tanh", "Transpose",
    ];

    /// <summary>Brings a graph to operator set 13 where it is older; nothing happens where it is not.</summary>
    /// <exception cref="NotSupportedException">A node has no translation; it is named, and the model is as it was.</exception>
    public static void RaiseTo13(OnnxModel model)
    {
        var opset = model.Opset;
        if (opset >= Wanted) return;
        var trial = model.Clone();
        var shapes = OnnxShapes.Infer(trial);
        foreach (var node in trial.Graph.Node.Where(n => n.IsStandard()).ToList())
        {
            if (opset < Oldest || !Translate(trial, node, shapes, opset)) Throw.OnnxOperatorNotTranslated(model.Source, opset, node.OpType, node.Name, Wanted);
        }

        trial.Proto.OpsetImport.First(o => o.Domain is "" or "ai.onnx").Version = Wanted;
        // The version of the file format that belongs to operator set 13; only since version 4 may constants stand outside the inputs.
        trial.Proto.IrVersion = Math.Max(trial.Proto.IrVersion, 7);
        var constants = trial.Graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var input in trial.Graph.Input.Where(i => constants.Contains(i.Name)).ToList()) trial.Graph.Input.Remove(input);
        model.Replace(trial);
    }

    private static bool Translate(OnnxModel model, NodeProto node, OnnxShapes shapes, long opset)
    {
        switch (node.OpType)
        {
            case "Clip":
                if (opset < 11) MoveLimits(model, node);
                return true;
            case "Dropout":
                // This value matters only in training. It is an attribute before set 12 and an input from 12 on.
                RemoveAttribute(node, "ratio");
                return true;
            case "BatchNormalization":
                if (node.Int("spatial", 1) != 1) return false;
                RemoveAttribute(node, "spatial");
                return true;
            case "Squeeze" or "Unsqueeze" or "ReduceSum":
                MoveToInput(model, node, "axes");
                return true;
            case "Split":
                MoveToInput(model, node, "split");
                return true;
            case "Softmax":
                // Before 13, the operator took all axes from this one on together. For the last axis this is the same.
                if (shapes.Dims(node.Input[0]) is not { } dims) return false;
                var axis = node.Int("axis", 1);
                RemoveAttribute(node, "axis");
                node.Attribute.Add(NodeAttributes.Make("axis", -1L));
                return (axis < 0 ? axis + dims.Count : axis) == dims.Count - 1;
            default:
                return s_same.Contains(node.OpType);
        }
    }

    private static void MoveLimits(OnnxModel model, NodeProto node)
    {
        foreach (var (name, otherwise) in new[] { ("min", float.MinValue), ("max", float.MaxValue) })
        {
            var constant = OnnxGraphEditor.FreeName(model, $"{node.Output[0]}/{name}");
            model.Graph.Initializer.Add(OnnxTensorData.Make(constant, [], [node.Float(name, otherwise)]));
            RemoveAttribute(node, name);
            node.Input.Add(constant);
        }
    }

    /// <summary>A list of whole numbers that is an attribute before set 13 and an input from then on.</summary>
    private static void MoveToInput(OnnxModel model, NodeProto node, string attribute)
    {
        if (node.Ints(attribute) is not { } values) return;
        var constant = OnnxGraphEditor.FreeName(model, $"{node.Output[0]}/{attribute}");
        model.Graph.Initializer.Add(OnnxTensorData.Make(constant, [values.Length], values));
        RemoveAttribute(node, attribute);
        node.Input.Add(constant);
    }

    private static void RemoveAttribute(NodeProto node, string name)
    {
        foreach (var attribute in node.Attribute.Where(a => a.Name == name).ToList()) node.Attribute.Remove(attribute);
    }
}
