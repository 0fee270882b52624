using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Operators that treat every element alike.</summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>Writes a node and, behind it, the activation that TFLite fuses into the operator; the result has the operator's output name.</summary>
    private void Fused(TfLiteOperator op, TfLiteActivation activation, Func<string, string> writeNode)
    {
        var output = _names[op.Outputs[0]];
        if (activation == TfLiteActivation.None || IsImpliedByQuantization(op, activation)) writeNode(output);
        else WriteActivation(op, activation, writeNode(_names.Fresh(output + "/linear")), output);
    }

    private void WriteActivation(TfLiteOperator op, TfLiteActivation activation, string input, string output)
    {
        switch (activation)
        {
            case TfLiteActivation.Relu: _graph.Node("Relu", output, [input]); break;
            case TfLiteActivation.Relu6: _graph.Node("Clip", output, [input, Scalar(0), Scalar(6)]); break;
            case TfLiteActivation.ReluN1To1: _graph.Node("Clip", output, [input, Scalar(-1), Scalar(1)]); break;
            case TfLiteActivation.Tanh: _graph.Node("Tanh", output, [input]); break;
            default: Throw.OperatorUnsupported(_model.Source, op, output, $"its fused activation number {(int)activation} is not known"); break;
        }
    }

    private string Scalar(float value) => Once($"constant_{value:R}", name => _graph.Constant(name, [], [value]));

    private void Activate(TfLiteOperator op, TfLiteActivation activation)
    {
        var x = Read(Input(op, 0));
        WriteActivation(op, activation, x.Name, _names[op.Outputs[0]]);
        Write(op, x.Shape, x.IsNchw);
    }

    private void Unary(TfLiteOperator op, string onnxOp, params (string Name, object Value)[] attributes)
    {
        var x = Read(Input(op, 0));
        _graph.Node(onnxOp, _names[op.Outputs[0]], [x.Name], attributes);
        Write(op, x.Shape, x.IsNchw);
    }

    private void PRelu(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var slope = RequiredConstant(op, 1, "slopes");
        _graph.Node("PRelu", _names[op.Outputs[0]], [x.Name, BroadcastConstant(op, slope, x)]);
        Write(op, x.Shape, x.IsNchw);
    }

    private void Softmax(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var beta = Options(op).Float(0);
        var output = _names[op.Outputs[0]];
        var input = x.Name;
        if (beta != 1) input = _graph.Node("Mul", _names.Fresh(output + "/scaled"), [input, Scalar(beta)]);
        // Always over TFLite's last axis, the channels.
        _graph.Node("Softmax", output, [input], ("axis", x.IsNchw ? 1 : x.Rank - 1));
        Write(op, x.Shape, x.IsNchw);
    }

    private void Binary(TfLiteOperator op, string onnxOp, int? fusedSlot)
    {
        var (left, right) = (Input(op, 0), Input(op, 1));
        var (leftConstant, rightConstant) = (ConstantOf(left), ConstantOf(right));
        if (leftConstant is not null && rightConstant is not null) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "both its inputs are constants");
        string a, b;
        int[] shape;
        bool isNchw;
        if (leftConstant is not null || rightConstant is not null)
        {
            var x = Read(leftConstant is null ? left : right);
            var constant = BroadcastConstant(op, (leftConstant ?? rightConstant)!, x);
            (a, b) = leftConstant is null ? (x.Name, constant) : (constant, x.Name);
            (shape, isNchw) = (x.Shape, x.IsNchw);
        }
        else
        {
            var (x, y) = (Read(left), Read(right));
            isNchw = (x.IsNchw || y.IsNchw) && x.Rank == 4 && y.Rank == 4;
            (a, b) = isNchw ? (InNchw(x), InNchw(y)) : (InOwnOrder(x), InOwnOrder(y));
            shape = Broadcast(op, x.Shape, y.Shape);
        }

        var activation = fusedSlot is { } slot && op.Options is { } options ? (TfLiteActivation)options.UInt8(slot) : TfLiteActivation.None;
        Fused(op, activation, name => _graph.Node(onnxOp, name, [a, b]));
        Write(op, shape, isNchw);
    }

    private int[] Broadcast(TfLiteOperator op, int[] x, int[] y)
    {
        var result = new int[Math.Max(x.Length, y.Length)];
        for (var i = 1; i <= result.Length; i++)
        {
            var (a, b) = (i <= x.Length ? x[^i] : 1, i <= y.Length ? y[^i] : 1);
            if (a != b && a != 1 && b != 1) Throw.OperatorMalformed(_model.Source, op, $"[{string.Join(",", x)}] and [{string.Join(",", y)}] do not go together");
            result[^i] = Math.Max(a, b);
        }

        return result;
    }

    /// <summary>A constant operand in the axis order of the activation it meets; it must not widen the activation.</summary>
    private string BroadcastConstant(TfLiteOperator op, TfLiteTensor constant, Activation x)
    {
        if (constant.Shape.Length > x.Rank || !Broadcast(op, x.Shape, constant.Shape).SequenceEqual(x.Shape) || (constant.Shape.Length == x.Rank && x.Rank > 0 && constant.Shape[0] != 1))
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its constant of shape [{string.Join(",", constant.Shape)}] changes the shape [{string.Join(",", x.Shape)}] or its batch");
        var values = Floats(op, constant);
        if (!x.IsNchw) return Once($"{_names[constant.Index]}/operand", name => _graph.Constant(name, constant.Shape.Select(s => (long)s), values));
        int[] padded = [.. Enumerable.Repeat(1, 4 - constant.Shape.Length), .. constant.Shape];
        // NHWC -> NCHW
        return Once($"{_names[constant.Index]}/operand_nchw", name => _graph.Constant(name, [padded[0], padded[3], padded[1], padded[2]], AxisOrder.Permute(values, padded, [0, 3, 1, 2])));
    }
}
