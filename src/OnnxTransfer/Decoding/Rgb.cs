namespace OnnxTransfer;

/// <summary>A color in sRGB.</summary>
/// <param name="R">Red, 0 to 255.</param>
/// <param name="G">Green, 0 to 255.</param>
/// <param name="B">Blue, 0 to 255.</param>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>White: 255, 255, 255.</summary>
    public static Rgb White { get; } = new(255, 255, 255);

    /// <summary>Black: 0, 0, 0.</summary>
    public static Rgb Black { get; }
}
