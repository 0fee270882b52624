namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Element types, with the numbers of TFLite's published schema.</summary>
internal enum TfLiteType
{
    Float32 = 0,
    Float16 = 1,
    Int32 = 2,
    UInt8 = 3,
    Int64 = 4,
    Text = 5,
    Bool = 6,
    Int16 = 7,
    Int8 = 9,
    Float64 = 10,
}

/// <summary>The operators that are converted, with the numbers of TFLite's published schema.</summary>
internal enum TfLiteOp
{
    Add = 0,
    AveragePool2D = 1,
    Concatenation = 2,
    Conv2D = 3,
    DepthwiseConv2D = 4,
    Dequantize = 6,
    FullyConnected = 9,
    Logistic = 14,
    MaxPool2D = 17,
    Mul = 18,
    Relu = 19,
    ReluN1To1 = 20,
    Relu6 = 21,
    Reshape = 22,
    ResizeBilinear = 23,
    Softmax = 25,
    Tanh = 28,
    Custom = 32,
    Pad = 34,
    Mean = 40,
    Sub = 41,
    Div = 42,
    Squeeze = 43,
    PRelu = 54,
    Maximum = 55,
    Minimum = 57,
    ResizeNearestNeighbor = 97,
    LeakyRelu = 98,
    Quantize = 114,
    HardSwish = 117,
}

/// <summary>The activation that many operators apply to their own result.</summary>
internal enum TfLiteActivation
{
    None = 0,
    Relu = 1,
    ReluN1To1 = 2,
    Relu6 = 3,
    Tanh = 4,
}

/// <summary>How stored integers stand for real numbers: real = scale * (stored - zero point), one pair for the tensor or one per slice of an axis.</summary>
internal sealed record TfLiteQuantization(float[] Scales, long[] ZeroPoints, int Axis)
{
    public bool IsPerAxis => Scales.Length > 1;

    public long ZeroPoint(int slice) => ZeroPoints.Length == 0 ? 0 : ZeroPoints[ZeroPoints.Length == 1 ? 0 : slice];
}

/// <summary>A tensor of the graph; <paramref name="Data"/> is null unless it is a constant.</summary>
internal sealed record TfLiteTensor(int Index, string Name, int[] Shape, TfLiteType Type, ReadOnlyMemory<byte>? Data, TfLiteQuantization? Quantization)
{
    public long Count => Shape.Aggregate(1L, (product, side) => product * side);
}

/// <summary>A node of the graph; an input of -1 is one that is left out.</summary>
internal sealed record TfLiteOperator(int Index, TfLiteOp Code, string CustomName, int[] Inputs, int[] Outputs, FlatTable? Options)
{
    /// <summary>How the operator is called in messages.</summary>
    public string DisplayName => Code == TfLiteOp.Custom ? $"the custom operator '{CustomName}'"
        : Enum.IsDefined(Code) ? Code.ToString()
        : $"the operator number {(int)Code}";
}
