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
    Complex64 = 8,
    Int8 = 9,
    Float64 = 10,
    Complex128 = 11,
    UInt64 = 12,
    Resource = 13,
    Variant = 14,
    UInt32 = 15,
    UInt16 = 16,
    Int4 = 17,
    BFloat16 = 18,
    Int2 = 19,
    UInt4 = 20,
}

/// <summary>The operators that the converter knows, with the numbers of TFLite's published schema.</summary>
internal enum TfLiteOp
{
    Add = 0,
    AveragePool2D = 1,
    Concatenation = 2,
    Conv2D = 3,
    DepthwiseConv2D = 4,
    DepthToSpace = 5,
    Dequantize = 6,
    Floor = 8,
    FullyConnected = 9,
    L2Normalization = 11,
    L2Pool2D = 12,
    LocalResponseNormalization = 13,
    Logistic = 14,
    MaxPool2D = 17,
    Mul = 18,
    Relu = 19,
    ReluN1To1 = 20,
    Relu6 = 21,
    Reshape = 22,
    ResizeBilinear = 23,
    Softmax = 25,
    SpaceToDepth = 26,
    Tanh = 28,
    Custom = 32,
    Pad = 34,
    Gather = 36,
    BatchToSpaceNd = 37,
    SpaceToBatchNd = 38,
    Transpose = 39,
    Mean = 40,
    Sub = 41,
    Div = 42,
    Squeeze = 43,
    StridedSlice = 45,
    Exp = 47,
    Split = 49,
    LogSoftmax = 50,
    Cast = 53,
    PRelu = 54,
    Maximum = 55,
    ArgMax = 56,
    Minimum = 57,
    Neg = 59,
    PadV2 = 60,
    Slice = 65,
    Sin = 66,
    TransposeConv = 67,
    Tile = 69,
    ExpandDims = 70,
    Log = 73,
    Sum = 74,
    Sqrt = 75,
    Rsqrt = 76,
    Shape = 77,
    Pow = 78,
    ArgMin = 79,
    ReduceProd = 81,
    ReduceMax = 82,
    Pack = 83,
    Unpack = 88,
    ReduceMin = 89,
    FloorDiv = 90,
    Square = 92,
    ResizeNearestNeighbor = 97,
    LeakyRelu = 98,
    SquaredDifference = 99,
    MirrorPad = 100,
    Abs = 101,
    SplitV = 102,
    Ceil = 104,
    ReverseV2 = 105,
    AddN = 106,
    Cos = 108,
    Rank = 110,
    Elu = 111,
    Quantize = 114,
    Round = 116,
    HardSwish = 117,
    BatchMatMul = 126,
    BroadcastTo = 130,
    Gelu = 150,
    Relu0To1 = 152,
    Sign = 158,
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
    public string DisplayName => Code == TfLiteOp.Custom ? $"custom operator '{CustomName}'" : TfLiteOperatorNames.Of(Code);
}
