namespace OnnxTransfer.Conversion.Internals;

/// <summary>One spatial axis of a convolution or pool.</summary>
/// <param name="Kernel">Its side in elements.</param>
/// <param name="Stride">The step between positions.</param>
/// <param name="Dilation">The step between elements.</param>
/// <param name="Before">Padding before the first pixel.</param>
/// <param name="After">Padding behind the last.</param>
/// <param name="Positions">The side of the result.</param>
internal readonly record struct SlidingWindow(int Kernel, int Stride, int Dilation, int Before, int After, int Positions)
{
    /// <summary>
    /// Places a window as TensorFlow does. SAME pads so that the result has ceil(size / stride) positions, the odd pixel of
    /// padding behind; VALID does not pad. Null if no position fits or a number is not positive.
    /// </summary>
    public static SlidingWindow? Place(int size, int kernel, int stride, int dilation, bool same)
    {
        if (size < 1 || kernel < 1 || stride < 1 || dilation < 1) return null;
        var reach = ((kernel - 1L) * dilation) + 1;
        if (!same) return reach > size ? null : new SlidingWindow(kernel, stride, dilation, 0, 0, (int)((size - reach) / stride) + 1);
        var positions = (int)((size + stride - 1L) / stride);
        var padding = Math.Max(0, ((positions - 1L) * stride) + reach - size);
        return padding > int.MaxValue ? null : new SlidingWindow(kernel, stride, dilation, (int)(padding / 2), (int)(padding - (padding / 2)), positions);
    }
}
