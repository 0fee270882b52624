namespace OnnxTransfer.Conversion.Internals;

/// <summary>Moves the axes of constants between TensorFlow's order and that of ONNX.</summary>
internal static class AxisOrder
{
    /// <summary>Elements in a new axis order: axis i of the result is axis <paramref name="order"/>[i] of the source.</summary>
    public static T[] Permute<T>(T[] values, int[] shape, int[] order)
    {
        var rank = shape.Length;
        var sourceStrides = new int[rank];
        for (int i = rank - 1, stride = 1; i >= 0; stride *= shape[i--]) sourceStrides[i] = stride;
        var result = new T[values.Length];
        var position = new int[rank];
        for (int i = 0, from = 0; i < result.Length; i++)
        {
            result[i] = values[from];
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                from += sourceStrides[order[axis]];
                if (++position[axis] < shape[order[axis]]) break;
                from -= sourceStrides[order[axis]] * shape[order[axis]];
                position[axis] = 0;
            }
        }

        return result;
    }
}
