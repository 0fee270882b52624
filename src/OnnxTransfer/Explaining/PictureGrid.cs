using System.Globalization;

namespace OnnxTransfer.Explaining;

/// <summary>Many small pictures in rows and columns on a dark ground, each under its number, counted from 0.</summary>
internal sealed class PictureGrid : IDisposable
{
    private const int Gap = 2;
    private const byte Ground = 26;
    private const byte Ink = 200;

    /// <summary>The height of the numbers' line; a cell that is narrower than a number has none.</summary>
    private const int Line = 14;
    private const float LetterSize = 11;

    private readonly int _columns;
    private readonly int _cellWidth;
    private readonly int _cellHeight;
    private readonly int _line;

    /// <param name="count">Cells.</param>
    /// <param name="columns">Cells in a row.</param>
    /// <param name="cellWidth">Pixels.</param>
    /// <param name="cellHeight">Pixels.</param>
    internal PictureGrid(int count, int columns, int cellWidth, int cellHeight)
    {
        (_columns, _cellWidth, _cellHeight) = (columns, cellWidth, cellHeight);
        _line = PictureText.Width((count - 1).ToString(CultureInfo.InvariantCulture), LetterSize) <= cellWidth ? Line : 0;
        var rows = (count + columns - 1) / columns;
        Picture = PixelBuffer.Rent((columns * (cellWidth + Gap)) + Gap, (rows * (cellHeight + _line + Gap)) + Gap);
        Picture.Pixels.Fill(Ground);
        for (var cell = 0; cell < count && _line > 0; cell++)
            PictureText.Write(Picture, Left(cell), Top(cell) - 3, cell.ToString(CultureInfo.InvariantCulture), LetterSize, Ink);
    }

    /// <summary>All cells as one picture.</summary>
    internal PixelBuffer Picture { get; }

    /// <summary>One pixel <c>[3]</c> of a cell.</summary>
    internal Span<byte> Pixel(int cell, int x, int y)
    {
        return Picture.Pixels.Slice(3 * (((Top(cell) + y) * Picture.Width) + Left(cell) + x), 3);
    }

    /// <summary>Puts a picture of a cell's size into a cell.</summary>
    internal void Put(int cell, PixelBuffer picture)
    {
        for (var y = 0; y < _cellHeight; y++)
            for (var x = 0; x < _cellWidth; x++) picture.Pixels.Slice(3 * ((y * _cellWidth) + x), 3).CopyTo(Pixel(cell, x, y));
    }

    private int Left(int cell) => Gap + (cell % _columns * (_cellWidth + Gap));

    private int Top(int cell) => Gap + _line + (cell / _columns * (_cellHeight + _line + Gap));

    public void Dispose() => Picture.Dispose();
}
