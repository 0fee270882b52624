using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// Translates a TFLite graph operator by operator. Four-dimensional activations are kept as <c>[N,C,H,W]</c>, so that the whole network
/// runs without a transpose; where an operator needs TFLite's own element order, one is written before it. Shapes are followed in
/// TFLite's order from the input on; this makes the input size settable.
/// </summary>
internal sealed partial class TfLiteTranslator
{
    private static readonly OnnxDim s_batch = OnnxDim.Named("N");

    private readonly TfLiteModel _model;
    private readonly TfLiteOptions _options;
    private readonly TfLiteNames _names;
    private readonly OnnxGraphBuilder _graph;
    private readonly Activation?[] _activations;

    /// <summary>The number of images that the file states; in the ONNX graph it is free.</summary>
    private int _batchInFile = 1;

    private string? _firstInput;

    public TfLiteTranslator(TfLiteModel model, TfLiteOptions options)
    {
        _model = model;
        _options = options;
        _names = new TfLiteNames(model);
        _graph = new OnnxGraphBuilder("tflite");
        _activations = new Activation?[model.Tensors.Count];
    }

    /// <summary>A tensor that depends on the image. <paramref name="Shape"/> is in TFLite's order, for any order in the ONNX graph.</summary>
    private sealed record Activation(string Name, int[] Shape, bool IsNchw)
    {
        public int Rank => Shape.Length;

        /// <summary>Whether [N,C,H,W] and [N,H,W,C] hold the same elements in the same order.</summary>
        public bool SameInBothOrders => !IsNchw || (Shape[1] == 1 && Shape[2] == 1) || Shape[3] == 1;
    }

    public OnnxModel Translate()
    {
        var outputs = _options.Outputs.Count == 0 ? [.. _model.Outputs.Select(BeforeArgMax)] : _options.Outputs.Select(_names.Find).ToArray();
        var needed = NeededOperators(outputs, out var inputs);
        PlanIntegers(needed, outputs);
        AddInputs(inputs);
        foreach (var op in needed)
            if (!TryFold(op)) Translate(op);
        foreach (var output in outputs.Distinct())
        {
            var activation = Read(output);
            if (activation.Shape[0] != _batchInFile) Throw.OutputInPieces(_model.Source, _names[output]);
            _graph.Output(activation.Name, OnnxElementType.Float32, OnnxDims(activation));
        }

        return _graph.Build(_model.Source);
    }

    /// <summary>
    /// The scores behind an output that is only the place of the greatest one (a segmentation, a class number): places are no features,
    /// and whoever wants them finds them again. Other outputs stay.
    /// </summary>
    private int BeforeArgMax(int output)
    {
        for (int tensor = output, steps = 0; steps <= _model.Operators.Count; steps++)
        {
            var op = _model.Operators.FirstOrDefault(o => o.Outputs.Contains(tensor));
            if (op is null || op.Inputs.Length == 0 || op.Inputs[0] < 0) return output;
            if (op.Code is TfLiteOp.ArgMax or TfLiteOp.ArgMin) return op.Inputs[0];
            if (op.Code is not (TfLiteOp.Reshape or TfLiteOp.Squeeze or TfLiteOp.ExpandDims or TfLiteOp.Cast or TfLiteOp.Quantize or TfLiteOp.Dequantize) ) return output;
            tensor = op.Inputs[0];
        }

        return output;
    }

    /// <summary>The operators that the outputs depend on, in their order, and the inputs that these read.</summary>
    private List<TfLiteOperator> NeededOperators(int[] outputs, out List<int> inputs)
    {
        var wanted = new bool[_model.Tensors.Count];
        foreach (var output in outputs) wanted[output] = true;
        var needed = new List<TfLiteOperator>();
        foreach (var op in _model.Operators.Reverse())
        {
            if (!Array.Exists(op.Outputs, o => wanted[o])) continue;
            needed.Add(op);
            foreach (var input in op.Inputs)
                if (input >= 0) wanted[input] = true;
        }

        needed.Reverse();
        inputs = [.. _model.Inputs.Where(i => wanted[i]).Distinct()];
        return needed;
    }

    private void AddInputs(List<int> inputs)
    {
        var sized = _options.Height is not null || _options.Width is not null;
        if (sized && (inputs.Count != 1 || _model.Tensors[inputs[0]].Shape.Length != 4))
            Throw.SizeNotSettable(_model.Source, string.Join(", ", inputs.Select(i => $"'{_names[i]}' [{string.Join(",", _model.Tensors[i].Shape)}]")));
        foreach (var index in inputs)
        {
            var tensor = _model.Tensors[index];
            if (tensor.Quantization is null && tensor.Type is not (TfLiteType.Float32 or TfLiteType.Float16 or TfLiteType.UInt8 or TfLiteType.Int8 or TfLiteType.Int16)) Throw.InputNotReal(_model.Source, _names[index], tensor.Type);
            var shape = (int[])tensor.Shape.Clone();
            if (shape.Length == 4)
            {
                shape[1] = _options.Height ?? shape[1];
                shape[2] = _options.Width ?? shape[2];
            }

            if (shape.Length == 0 || Array.Exists(shape, s => s < 1)) Throw.Malformed(_model.Source, $"its input '{_names[index]}' has the shape [{string.Join(",", shape)}]");
            var keepsOrder = shape.Length != 4 || _options.InputLayout == TensorLayout.Nhwc;
            var input = new Activation(_names[index], shape, !keepsOrder);
            _graph.Input(input.Name, OnnxElementType.Float32, OnnxDims(input));
            _activations[index] = input;
            (_batchInFile, _firstInput) = (shape[0], input.Name);
        }
    }

    private static OnnxDim[] OnnxDims(Activation activation)
    {
        OnnxDim[] dims = [.. activation.Shape.Select(side => (OnnxDim)side)];
        dims[0] = s_batch;
        return activation.IsNchw ? [dims[0], dims[3], dims[1], dims[2]] : dims;
    }

    private void Translate(TfLiteOperator op)
    {
        switch (op.Code)
        {
            case TfLiteOp.Conv2D: Convolution(op); break;
            case TfLiteOp.DepthwiseConv2D: DepthwiseConvolution(op); break;
            case TfLiteOp.TransposeConv: TransposedConvolution(op); break;
            case TfLiteOp.FullyConnected: FullyConnected(op); break;
            case TfLiteOp.BatchMatMul: BatchMatMul(op); break;
            case TfLiteOp.AveragePool2D: Pool(op, "AveragePool"); break;
            case TfLiteOp.MaxPool2D: Pool(op, "MaxPool"); break;
            case TfLiteOp.L2Pool2D: Pool(op, "L2Pool"); break;
            case TfLiteOp.Mean: Reduce(op, "ReduceMean"); break;
            case TfLiteOp.Sum: Reduce(op, "ReduceSum"); break;
            case TfLiteOp.ReduceMax: Reduce(op, "ReduceMax"); break;
            case TfLiteOp.ReduceMin: Reduce(op, "ReduceMin"); break;
            case TfLiteOp.ReduceProd: Reduce(op, "ReduceProd"); break;
            case TfLiteOp.Add: Binary(op, "Add", fusedSlot: 0); break;
            case TfLiteOp.Sub: Binary(op, "Sub", fusedSlot: 0); break;
            case TfLiteOp.Mul: Binary(op, "Mul", fusedSlot: 0); break;
            case TfLiteOp.Div: Binary(op, "Div", fusedSlot: 0); break;
            case TfLiteOp.Pow: Binary(op, "Pow", fusedSlot: null); break;
            case TfLiteOp.FloorDiv: Binary(op, "Div", fusedSlot: null, then: "Floor"); break;
            case TfLiteOp.SquaredDifference: Binary(op, "Sub", fusedSlot: null, then: "Square"); break;
            case TfLiteOp.Maximum: Binary(op, "Max", fusedSlot: null); break;
            case TfLiteOp.Minimum: Binary(op, "Min", fusedSlot: null); break;
            case TfLiteOp.AddN: AddAll(op); break;
            case TfLiteOp.Relu: Activate(op, TfLiteActivation.Relu); break;
            case TfLiteOp.Relu6: Activate(op, TfLiteActivation.Relu6); break;
            case TfLiteOp.ReluN1To1: Activate(op, TfLiteActivation.ReluN1To1); break;
            case TfLiteOp.Relu0To1: Clip(op, 0, 1); break;
            case TfLiteOp.Tanh: Activate(op, TfLiteActivation.Tanh); break;
            case TfLiteOp.Logistic: Unary(op, "Sigmoid"); break;
            case TfLiteOp.HardSwish: Unary(op, "HardSwish"); break;
            case TfLiteOp.Elu: Unary(op, "Elu"); break;
            case TfLiteOp.Exp: Unary(op, "Exp"); break;
            case TfLiteOp.Log: Unary(op, "Log"); break;
            case TfLiteOp.Sqrt: Unary(op, "Sqrt"); break;
            case TfLiteOp.Rsqrt: Unary(op, "Rsqrt"); break;
            case TfLiteOp.Square: Unary(op, "Square"); break;
            case TfLiteOp.Abs: Unary(op, "Abs"); break;
            case TfLiteOp.Neg: Unary(op, "Neg"); break;
            case TfLiteOp.Floor: Unary(op, "Floor"); break;
            case TfLiteOp.Ceil: Unary(op, "Ceil"); break;
            case TfLiteOp.Round: Unary(op, "Round"); break;
            case TfLiteOp.Sign: Unary(op, "Sign"); break;
            case TfLiteOp.Sin: Unary(op, "Sin"); break;
            case TfLiteOp.Cos: Unary(op, "Cos"); break;
            case TfLiteOp.Gelu: Gelu(op); break;
            case TfLiteOp.LeakyRelu: Unary(op, "LeakyRelu", ("alpha", Options(op).Float(0))); break;
            case TfLiteOp.PRelu: PRelu(op); break;
            case TfLiteOp.Softmax: Softmax(op); break;
            case TfLiteOp.LogSoftmax: LogSoftmax(op); break;
            case TfLiteOp.L2Normalization: L2Normalization(op); break;
            case TfLiteOp.LocalResponseNormalization: LocalResponseNormalization(op); break;
            case TfLiteOp.Reshape: Reshape(op); break;
            case TfLiteOp.Squeeze: Squeeze(op); break;
            case TfLiteOp.ExpandDims: ExpandDims(op); break;
            case TfLiteOp.Transpose: Transpose(op); break;
            case TfLiteOp.Tile: Tile(op); break;
            case TfLiteOp.BroadcastTo: BroadcastTo(op); break;
            case TfLiteOp.Slice: Slice(op); break;
            case TfLiteOp.StridedSlice: StridedSlice(op); break;
            case TfLiteOp.ReverseV2: Reverse(op); break;
            case TfLiteOp.Split: Split(op); break;
            case TfLiteOp.SplitV: SplitV(op); break;
            case TfLiteOp.Unpack: Unpack(op); break;
            case TfLiteOp.Pack: Pack(op); break;
            case TfLiteOp.Gather: Gather(op); break;
            case TfLiteOp.Concatenation: Concatenation(op); break;
            case TfLiteOp.Pad or TfLiteOp.PadV2: Pad(op, "constant"); break;
            case TfLiteOp.MirrorPad: Pad(op, "reflect"); break;
            case TfLiteOp.SpaceToBatchNd: SpaceToBatch(op); break;
            case TfLiteOp.BatchToSpaceNd: BatchToSpace(op); break;
            case TfLiteOp.DepthToSpace: DepthToSpace(op); break;
            case TfLiteOp.SpaceToDepth: SpaceToDepth(op); break;
            case TfLiteOp.ResizeBilinear: Resize(op, "linear"); break;
            case TfLiteOp.ResizeNearestNeighbor: Resize(op, "nearest"); break;
            case TfLiteOp.Dequantize or TfLiteOp.Quantize: Requantize(op); break;
            case TfLiteOp.Cast: Cast(op); break;
            default: Throw.OperatorUnknown(_model.Source, op, _names[op.Outputs[0]], op.Inputs.Where(i => i >= 0 && _activations[i] is not null && !_model.Inputs.Contains(i)).Select(i => _names[i])); break;
        }
    }

    private FlatTable Options(TfLiteOperator op)
    {
        if (op.Options is null) Throw.OperatorMalformed(_model.Source, op, "its options are missing");
        return op.Options.Value;
    }

    /// <summary>The tensor index of a required input.</summary>
    private int Input(TfLiteOperator op, int index)
    {
        if (index >= op.Inputs.Length || op.Inputs[index] < 0) Throw.OperatorMalformed(_model.Source, op, $"its input {index} is missing");
        return op.Inputs[index];
    }

    private Activation Read(int tensor)
    {
        if (_activations[tensor] is { } activation) return activation;
        if (ConstantOf(tensor) is { } constant) return Spread(constant);
        if (_model.Operators.Any(o => o.Outputs.Contains(tensor))) Throw.Malformed(_model.Source, $"the tensor '{_names[tensor]}' is read before it is computed");
        Throw.StateUnsupported(_model.Source, _names[tensor]);
        return null;
    }

    /// <summary>A constant as a tensor with one copy for each image, as a class token beside the patches of an image.</summary>
    private Activation Spread(TfLiteTensor constant)
    {
        if (constant.Shape is not [1, ..] || _firstInput is null || constant.Type is not TfLiteType.Float32 and not TfLiteType.Float16 && constant.Quantization is null)
            Throw.ConstantUnsupported(_model.Source, _names[constant.Index], constant.Shape);
        var spread = Once($"{_names[constant.Index]}/spread", name =>
        {
            var stored = _graph.Constant(_names.Fresh(name + "/one"), constant.Shape.Select(s => (long)s), Floats(null, constant));
            var images = _graph.Node("Slice", _names.Fresh(name + "/images"), [_graph.Node("Shape", _names.Fresh(name + "/shape"), [_firstInput]), Longs("starts", [0]), Longs("ends", [1])]);
            var sizes = constant.Shape.Length == 1 ? images : _graph.Node("Concat", _names.Fresh(name + "/sizes"), [images, Longs("sides", [.. constant.Shape.Skip(1).Select(s => (long)s)])], ("axis", 0));
            return _graph.Node("Expand", name, [stored, sizes]);
        });
        return new Activation(spread, constant.Shape, IsNchw: false);
    }

    private Activation ReadRank4(TfLiteOperator op, int tensor)
    {
        var activation = Read(tensor);
        if (activation.Rank != 4) Throw.OperatorMalformed(_model.Source, op, $"its input '{_names[tensor]}' has {activation.Rank} axes instead of 4");
        return activation;
    }

    /// <summary>The tensor in ONNX's image order, through a transpose only where it is not so already.</summary>
    private string InNchw(Activation activation)
    {
        if (activation.IsNchw) return activation.Name;
        // NHWC -> NCHW
        return Once(activation.Name + "/nchw", name => _graph.Node("Transpose", name, [activation.Name], ("perm", new[] { 0, 3, 1, 2 })));
    }

    /// <summary>The tensor in TFLite's own order.</summary>
    private string InOwnOrder(Activation activation)
    {
        if (!activation.IsNchw) return activation.Name;
        // NCHW -> NHWC
        return Once(activation.Name + "/nhwc", name => _graph.Node("Transpose", name, [activation.Name], ("perm", new[] { 0, 2, 3, 1 })));
    }

    private readonly Dictionary<string, string> _once = new(StringComparer.Ordinal);

    /// <summary>Writes a helper node or constant at its first use and gives its name again at every later one.</summary>
    private string Once(string key, Func<string, string> write)
    {
        if (!_once.TryGetValue(key, out var name)) _once[key] = name = write(_names.Fresh(key));
        return name;
    }

    private void Write(TfLiteOperator op, int[] shape, bool isNchw, int output = 0)
    {
        var tensor = op.Outputs[output];
        if (Array.Exists(shape, side => side < 1))
            Throw.OperatorUnsupported(_model.Source, op, _names[tensor], $"at this input size its result would have the shape [{string.Join(",", shape)}]");
        if (shape.Aggregate(1.0, (product, side) => product * side) > int.MaxValue)
            Throw.OperatorUnsupported(_model.Source, op, _names[tensor], $"its result of shape [{string.Join(",", shape)}] is larger than any tensor can be");
        _activations[tensor] = new Activation(_names[tensor], shape, isNchw);
    }
}
