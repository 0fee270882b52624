using OnnxTransfer.Conversion.TfLite;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>Writes small TFLite files; slot numbers are those of the published schema.</summary>
internal sealed class TfLiteBuilder
{
    private readonly List<FlatNode> _tensors = [];
    private readonly List<FlatNode> _buffers = [[]];
    private readonly List<FlatNode> _operators = [];
    private readonly List<FlatNode> _codes = [];

    public int Tensor(string name, params int[] shape) => Add(name, shape, TfLiteType.Float32, null, null);

    public int Tensor(string name, int[] shape, TfLiteType type, float scale, long zeroPoint) =>
        Add(name, shape, type, null, Quantization([scale], [zeroPoint], 0));

    public int Integers(string name, params int[] shape) => Add(name, shape, TfLiteType.Int32, null, null);

    public int Constant(string name, int[] shape, float[] values) =>
        Add(name, shape, TfLiteType.Float32, [.. values.SelectMany(BitConverter.GetBytes)], null);

    public int Constant(string name, int[] shape, Half[] values) =>
        Add(name, shape, TfLiteType.Float16, [.. values.SelectMany(BitConverter.GetBytes)], null);

    public int Constant(string name, params int[] values) =>
        Add(name, [values.Length], TfLiteType.Int32, [.. values.SelectMany(BitConverter.GetBytes)], null);

    public int Constant(string name, int[] shape, TfLiteType type, byte[] data) => Add(name, shape, type, data, null);

    public int Scalar(string name, int value) => Add(name, [], TfLiteType.Int32, BitConverter.GetBytes(value), null);

    public int Constant(string name, int[] shape, int[] values, float[] scales, int axis) =>
        Add(name, shape, TfLiteType.Int32, [.. values.SelectMany(BitConverter.GetBytes)], Quantization(scales, new long[scales.Length], axis));

    public int Constant(string name, int[] shape, sbyte[] values, float[] scales, long[] zeroPoints, int axis) =>
        Add(name, shape, TfLiteType.Int8, [.. values.Select(v => (byte)v)], Quantization(scales, zeroPoints, axis));

    public int Constant(string name, int[] shape, byte[] values, float[] scales, long[] zeroPoints, int axis) =>
        Add(name, shape, TfLiteType.UInt8, values, Quantization(scales, zeroPoints, axis));

    public void Op(TfLiteOp code, int[] inputs, int output, FlatNode? options = null) => Op((int)code, "", inputs, output, options);

    public void Op(int code, string customName, int[] inputs, int output, FlatNode? options = null) => Op(code, customName, inputs, [output], options);

    public void Op(int code, string customName, int[] inputs, int[] outputs, FlatNode? options = null)
    {
        FlatNode kind = new() { [0] = (byte)Math.Min(code, 127), [3] = code };
        if (customName.Length > 0) kind[1] = customName;
        FlatNode op = new() { [0] = _codes.Count, [1] = inputs, [2] = outputs };
        if (options is not null) op[4] = options;
        _codes.Add(kind);
        _operators.Add(op);
    }

    public byte[] Build(int[] inputs, params int[] outputs)
    {
        FlatNode graph = new() { [0] = _tensors.ToArray(), [1] = inputs, [2] = outputs, [3] = _operators.ToArray() };
        FlatNode model = new() { [0] = 3, [1] = _codes.ToArray(), [2] = new[] { graph }, [4] = _buffers.ToArray() };
        return FlatWriter.Write(model, "TFL3");
    }

    private static FlatNode Quantization(float[] scales, long[] zeroPoints, int axis) => new() { [2] = scales, [3] = zeroPoints, [6] = axis };

    private int Add(string name, int[] shape, TfLiteType type, byte[]? data, FlatNode? quantization)
    {
        FlatNode tensor = new() { [0] = shape, [1] = (byte)type, [3] = name };
        if (data is not null)
        {
            tensor[2] = _buffers.Count;
            _buffers.Add(new FlatNode { [0] = data });
        }

        if (quantization is not null) tensor[4] = quantization;
        _tensors.Add(tensor);
        return _tensors.Count - 1;
    }
}
