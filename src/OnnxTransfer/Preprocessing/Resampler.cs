namespace OnnxTransfer.Preprocessing;

/// <summary>Resizes a whole image that lies in memory: interleaved RGB, rows without padding.</summary>
internal static class Resampler
{
    /// <summary>Resizes to bytes with one of the 8-bit kernels.</summary>
    /// <param name="source"><c>[SourceHeight,SourceWidth,3]</c>.</param>
    /// <param name="geometry">Sizes and crop.</param>
    /// <param name="filter">Any kernel but <see cref="ResizeFilter.TensorFlowBilinear"/> and <see cref="ResizeFilter.TorchBilinear"/>, whose results are no bytes.</param>
    /// <param name="result"><c>[Height,Width,3]</c>.</param>
    /// <param name="rows">Does the work.</param>
    internal static void Resize(ReadOnlySpan<byte> source, ResizeGeometry geometry, ResizeFilter filter, Span<byte> result, RowResampler rows)
    {
        var (sourceStride, stride) = (3 * geometry.SourceWidth, 3 * geometry.Width);
        rows.Start(geometry, filter);
        for (var y = 0; y < geometry.SourceHeight; y++)
        {
            rows.Push(y, source.Slice(y * sourceStride, sourceStride));
            while (rows.TryProduce(out var row)) rows.Bytes.CopyTo(result.Slice(row * stride, stride));
        }
    }

    /// <summary>Resizes to floats of 0 to 255 with <see cref="ResizeFilter.TensorFlowBilinear"/> or <see cref="ResizeFilter.TorchBilinear"/>.</summary>
    /// <inheritdoc cref="Resize(ReadOnlySpan{byte}, ResizeGeometry, ResizeFilter, Span{byte}, RowResampler)"/>
    internal static void Resize(ReadOnlySpan<byte> source, ResizeGeometry geometry, ResizeFilter filter, Span<float> result, RowResampler rows)
    {
        var (sourceStride, stride) = (3 * geometry.SourceWidth, 3 * geometry.Width);
        rows.Start(geometry, filter);
        for (var y = 0; y < geometry.SourceHeight; y++)
        {
            rows.Push(y, source.Slice(y * sourceStride, sourceStride));
            while (rows.TryProduce(out var row)) rows.Floats.CopyTo(result.Slice(row * stride, stride));
        }
    }
}
