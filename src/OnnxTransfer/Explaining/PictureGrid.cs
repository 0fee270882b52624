namespace OnnxTransfer.Explaining;

/// <summary>Many small pictures in rows and columns on a dark ground.</summary>
internal sealed class PictureGrid : IDisposable
{
    private const int Gap = 2;
    private const byte Ground = 26;

    private readonly int _columns;
    private readonly int _cellWidth;
    private readonly int _cellHeight;

    /// <param name="count">Cells.</param>
    /// <param name="columns">Cells in a row.</param>
    /// <param name="cellWidth">Pixels.</param>
    /// <param name="cellHeight">Pixels.</param>
    internal PictureGrid(int count, int columns, int cellWidth, int cellHeight)
    {
        (_columns, _cellWidth, _cellHeight) = (columns, cellWidth, cellHeight);
        var rows = (count + columns - 1) / columns;
        Picture = PixelBuffer.Rent((columns * (cellWidth + Gap)) + Gap, (rows * (cellHeight + Gap)) + Gap);
        Picture.Pixels.Fill(Ground);
    }

    /// <summary>All cells as one picture.</summary>
    internal PixelBuffer Picture { get; }

    /// <summary>One pixel <c>[3]</c> of a cell.</summary>
    internal Span<byte> Pixel(int cell, int x, int y)
    {
        var (left, top) = (Gap + (cell % _columns * (_cellWidth + Gap)), Gap + (cell / _columns * (_cellHeight + Gap)));
        return Picture.Pixels.Slice(3 * (((top + y) * Picture.Width) + left + x), 3);
    }

    /// <summary>Puts a picture of a cell's size into a cell.</summary>
    internal void Put(int cell, PixelBuffer picture)
    {
        for (var y = 0; y < _cellHeight; y++)
            for (var x = 0; x < _cellWidth; x++) picture.Pixels.Slice(3 * ((y * _cellWidth) + x), 3).CopyTo(Pixel(cell, x, y));
    }

    public void Dispose() => Picture.Dispose();
}
