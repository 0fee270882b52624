using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Operators that treat every element alike.</summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>
    /// Writes a node and, behind it, the activation that TFLite fuses into the operator or leaves to the range of its result; the result has
    /// the operator's output name.
    /// </summary>
    private void Fused(TfLiteOperator op, TfLiteActivation activation, Func<string, string> writeNode)
    {
        var output = _names[op.Outputs[0]];
        var range = activation == TfLiteActivation.None ? ActivationOfRange(op) : null;
        if ((activation == TfLiteActivation.None && range is null) || IsImpliedByQuantization(op, activation)) writeNode(output);
        else if (range is { } most) _graph.Node("Clip", output, [writeNode(_names.Fresh(output + "/linear")), Scalar(0), Scalar(most)]);
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

    private void Clip(TfLiteOperator op, float least, float most)
    {
        var x = Read(Input(op, 0));
        _graph.Node("Clip", _names[op.Outputs[0]], [x.Name, Scalar(least), Scalar(most)]);
        Write(op, x.Shape, x.IsNchw);
    }

    private void Unary(TfLiteOperator op, string function, params (string Name, object Value)[] attributes)
    {
        var x = Read(Input(op, 0));
        WriteFunction(function, _names[op.Outputs[0]], x.Name, attributes);
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>A function of one number: an operator of ONNX, or one of the two that ONNX has only in parts.</summary>
    private string WriteFunction(string function, string output, string input, params (string Name, object Value)[] attributes) => function switch
    {
        "Square" => _graph.Node("Mul", output, [input, input]),
        "Rsqrt" => _graph.Node("Reciprocal", output, [_graph.Node("Sqrt", _names.Fresh(output + "/root"), [input])]),
        _ => _graph.Node(function, output, [input], attributes),
    };

    /// <summary>
    /// x/2 (1 + erf(x/sqrt 2)), or with tanh(sqrt(2/pi) (x + 0.044715 x^3)) for the error function where the file asks for the approximation
    /// (Hendrycks and Gimpel 2016).
    /// </summary>
    private void Gelu(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var output = _names[op.Outputs[0]];
        string Step(string name, string onnxOp, params string[] inputs) => _graph.Node(onnxOp, _names.Fresh($"{output}/{name}"), inputs);
        var half = Step("half", "Mul", x.Name, Scalar(0.5f));
        string gate;
        if (op.Options?.Bool(0) == true)
        {
            var cube = Step("cube", "Mul", Step("square", "Mul", x.Name, x.Name), x.Name);
            gate = Step("gate", "Tanh", Step("scaled", "Mul", Step("inner", "Add", x.Name, Step("bent", "Mul", cube, Scalar(0.044715f))), Scalar((float)Math.Sqrt(2 / Math.PI))));
        }
        else gate = Step("gate", "Erf", Step("scaled", "Mul", x.Name, Scalar((float)Math.Sqrt(0.5))));
        _graph.Node("Mul", output, [half, Step("weight", "Add", gate, Scalar(1))]);
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>Between real numbers a cast changes nothing.</summary>
    private void Cast(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var to = _model.Tensors[op.Outputs[0]].Type;
        if (to is not (TfLiteType.Float32 or TfLiteType.Float16)) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"it casts to {to}");
        _graph.Node("Identity", _names[op.Outputs[0]], [x.Name]);
        Write(op, x.Shape, x.IsNchw);
    }

    private void AddAll(TfLiteOperator op)
    {
        var parts = AllInputs(op);
        if (parts.Exists(p => !p.Shape.SequenceEqual(parts[0].Shape))) Throw.OperatorMalformed(_model.Source, op, "it adds tensors of different shapes");
        var isNchw = parts.Exists(p => p.IsNchw);
        _graph.Node("Sum", _names[op.Outputs[0]], parts.Select(p => isNchw ? InNchw(p) : p.Name));
        Write(op, parts[0].Shape, isNchw);
    }

    private void LogSoftmax(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        _graph.Node("LogSoftmax", _names[op.Outputs[0]], [x.Name], ("axis", x.IsNchw ? 1 : x.Rank - 1));
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>x divided by its length over the last axis, which counts as at least 1e-6 as in TFLite's kernel.</summary>
    private void L2Normalization(TfLiteOperator op)
    {
        const float leastLength = 1e-6f;
        var x = Read(Input(op, 0));
        var output = _names[op.Outputs[0]];
        var length = _graph.Node("ReduceL2", _names.Fresh(output + "/length"), [x.Name], ("axes", new[] { x.IsNchw ? 1 : x.Rank - 1 }), ("keepdims", 1));
        var divisor = _graph.Node("Max", _names.Fresh(output + "/divisor"), [length, Scalar(leastLength)]);
        Fused(op, (TfLiteActivation)(op.Options?.UInt8(0) ?? 0), name => _graph.Node("Div", name, [x.Name, divisor]));
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>x / (bias + alpha * sum of squares)^beta over 2 radius + 1 channels; ONNX divides its alpha by the number of channels.</summary>
    private void LocalResponseNormalization(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        var options = Options(op);
        var radius = options.Int32(0);
        if (radius is < 0 or > TfLiteOptions.LargestSide) Throw.OperatorMalformed(_model.Source, op, $"its radius is {radius}");
        var size = (2 * radius) + 1;
        _graph.Node("LRN", _names[op.Outputs[0]], [InNchw(x)], ("size", size), ("bias", options.Float(1)), ("alpha", options.Float(2) * size), ("beta", options.Float(3)));
        Write(op, x.Shape, isNchw: true);
    }

    private void PRelu(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var slope = BroadcastConstant(op, RequiredConstant(op, 1, "slopes"), x, out var shape);
        if (!shape.SequenceEqual(x.Shape)) Throw.OperatorMalformed(_model.Source, op, $"its slopes widen [{string.Join(",", x.Shape)}] to [{string.Join(",", shape)}]");
        _graph.Node("PRelu", _names[op.Outputs[0]], [x.Name, slope]);
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

    /// <param name="op">The operator.</param>
    /// <param name="onnxOp">The operator of ONNX.</param>
    /// <param name="fusedSlot">The slot of the fused activation in the options; null for an operator without one.</param>
    /// <param name="then">A function of the result; null for none.</param>
    private void Binary(TfLiteOperator op, string onnxOp, int? fusedSlot, string? then = null)
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
            var constant = BroadcastConstant(op, (leftConstant ?? rightConstant)!, x, out shape);
            (a, b) = leftConstant is null ? (x.Name, constant) : (constant, x.Name);
            isNchw = x.IsNchw;
        }
        else
        {
            var (x, y) = (Read(left), Read(right));
            (x, y) = (Widened(op, x, y.Rank), Widened(op, y, x.Rank));
            isNchw = (x.IsNchw || y.IsNchw) && x.Rank == 4;
            (a, b) = isNchw ? (InNchw(x), InNchw(y)) : (InOwnOrder(x), InOwnOrder(y));
            shape = Broadcast(op, x.Shape, y.Shape);
        }

        var activation = fusedSlot is { } slot && op.Options is { } options ? (TfLiteActivation)options.UInt8(slot) : TfLiteActivation.None;
        Fused(op, activation, name =>
        {
            if (then is null) return _graph.Node(onnxOp, name, [a, b]);
            return WriteFunction(then, name, _graph.Node(onnxOp, _names.Fresh(name + "/inner"), [a, b]));
        });
        Write(op, shape, isNchw);
    }

    /// <summary>
    /// A tensor of fewer axes beside one of more: TFLite fills up in front, where for one image the batch stood; with the batch left in
    /// front and the filling behind it, the numbers are the same and hold for any number of images.
    /// </summary>
    private Activation Widened(TfLiteOperator op, Activation x, int rank)
    {
        if (x.Rank >= rank) return x;
        if (x.Rank == 0 || x.Shape[0] != 1) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its operand [{string.Join(",", x.Shape)}] has fewer axes than the other");
        int[] shape = [1, .. Enumerable.Repeat(1, rank - x.Rank), .. x.Shape.Skip(1)];
        return new Activation(Once($"{x.Name}/rank_{rank}", name => _graph.Node("Reshape", name, [InOwnOrder(x), ShapeConstant(shape)])), shape, IsNchw: false);
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

    /// <summary>A constant operand in the axis order of the activation it meets; it must not touch the batch.</summary>
    private string BroadcastConstant(TfLiteOperator op, TfLiteTensor constant, Activation x, out int[] shape)
    {
        shape = constant.Shape.Length > x.Rank ? [] : Broadcast(op, x.Shape, constant.Shape);
        if (constant.Shape.Length > x.Rank || (constant.Shape.Length == x.Rank && x.Rank > 0 && constant.Shape[0] != 1) || (x.Rank > 0 && shape[0] != x.Shape[0]))
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its constant of shape [{string.Join(",", constant.Shape)}] changes the batch of [{string.Join(",", x.Shape)}]");
        var values = Floats(op, constant);
        if (!x.IsNchw) return Once($"{_names[constant.Index]}/operand", name => _graph.Constant(name, constant.Shape.Select(s => (long)s), values));
        int[] padded = [.. Enumerable.Repeat(1, 4 - constant.Shape.Length), .. constant.Shape];
        // NHWC -> NCHW
        return Once($"{_names[constant.Index]}/operand_nchw", name => _graph.Constant(name, [padded[0], padded[3], padded[1], padded[2]], AxisOrder.Permute(values, padded, [0, 3, 1, 2])));
    }
}
