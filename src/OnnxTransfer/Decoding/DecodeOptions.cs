using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>Limits and options for decoding images. Every value is checked when it is set.</summary>
public sealed record DecodeOptions
{
    /// <summary>A quarter of the memory of the process; in a container with a limit the runtime gives three quarters of it.</summary>
    private static readonly long s_quarter = Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>The defaults.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>
    /// The most pixels (width times height) that an image may have, 100 million by default. The header is checked before any pixel is
    /// decoded, so a small file cannot demand gigabytes of memory.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long MaxPixels { get; init => field = Require.Positive(value, nameof(MaxPixels)); } = 100_000_000;

    /// <summary>The most bytes an encoded image may have, 256 MiB by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxEncodedBytes { get; init => field = Require.Positive(value, nameof(MaxEncodedBytes)); } = 256 << 20;

    /// <summary>The most frames or pages that a file may have, 1000 by default. Only the first one is decoded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxFrames { get; init => field = Require.Positive(value, nameof(MaxFrames)); } = 1000;

    /// <summary>
    /// The longest time that one image may take, 5 minutes by default; it guards against hangs. The limits on bytes, pixels and frames give
    /// the same result on every machine, but this one depends on how busy the machine is. An image that it stops is therefore reported as
    /// such (<see cref="ImageDecodeException.TimedOut"/>, <see cref="SkippedImage.TimedOut"/>). The time is checked between strips of rows,
    /// or after the decode for a format that is decoded all at once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan MaxTime { get; init => field = Require.Positive(value, nameof(MaxTime)); } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether an image is refused if it would otherwise be used with a warning, such as a damaged photo; false by default. The warnings
    /// are in <see cref="PixelBuffer.Warnings"/> and in the results of a run.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>
    /// The most bytes of memory that all images in decoding may need together in this process, including this one; by default a quarter of
    /// the memory that the process may use. The header of an image tells how much it needs. An image for which there is no room waits its
    /// turn; the <c>Async</c> methods hold no thread while they wait. An image that needs more than the budget is decoded alone. Decoding
    /// therefore never uses more memory than the larger of the budget and the largest image that <see cref="MaxPixels"/> allows.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long MemoryBudget { get; init => field = Require.Positive(value, nameof(MemoryBudget)); } = s_quarter;

    /// <summary>Whether large JPEG images may be decoded at a fraction of their size; <see cref="JpegShrink.None"/> by default.</summary>
    public JpegShrink JpegShrink { get; init => field = Require.Defined(value, nameof(JpegShrink)); } = JpegShrink.None;

    /// <summary>How the values of 16-bit samples are mapped to black and white; <see cref="SampleLevels.Full"/> by default.</summary>
    public SampleLevels Levels { get; init => field = Require.Defined(value, nameof(Levels)); } = SampleLevels.Full;

    /// <summary>The color under transparent pixels; white by default.</summary>
    public Rgb Background { get; init; } = Rgb.White;
}

/// <summary>
/// Whether a JPEG image that will be resized may be decoded at 1/2, 1/4 or 1/8 of its size, which JPEG's transform makes fast. The pixels
/// are then close to, but not equal to, those of a full decode.
/// </summary>
public enum JpegShrink
{
    /// <summary>Never; the pixels are exact.</summary>
    None,

    /// <summary>
    /// To at least twice the requested size. In 500 photographs resized to 64x64, pixels differ from the exact ones by 1 of 255 on average,
    /// and by at most 3.5 on average in any photograph.
    /// </summary>
    Near,

    /// <summary>
    /// To at least the requested size, as in Pillow's draft mode. Pixels differ by 2 of 255 on average, and by at most 7.1 on average in
    /// any photograph.
    /// </summary>
    Fast,
}

/// <summary>
/// The values of 16-bit samples that become black and white. Microscopes and medical scanners often store 12 bits in 16; such an image is
/// nearly black unless it is stretched. 8-bit images, and formats with a bit depth of their own (AVIF, HEIC), do not change.
/// </summary>
public enum SampleLevels
{
    /// <summary>Black is 0 and white is 65535, for every image.</summary>
    Full,

    /// <summary>
    /// Black is the least value of the image and white is the greatest, over all color channels together and without alpha: <c>(v - least)
    /// * 65535 / (greatest - least)</c>. An embedded profile is applied afterward.
    /// </summary>
    Data,
}
