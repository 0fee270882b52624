using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>Limits and choices of a decode. Every value is checked where it is set.</summary>
public sealed record DecodeOptions
{
    /// <summary>Of the container where there is one: the runtime knows its limit.</summary>
    private static readonly long s_quarter = Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>The defaults.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>
    /// The most pixels (width times height) an image may claim, 100 million by default: read from the header and refused
    /// before any pixel is decoded, so that a small file cannot demand gigabytes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long MaxPixels { get; init => field = Require.Positive(value, nameof(MaxPixels)); } = 100_000_000;

    /// <summary>The most bytes an encoded image may have, 256 MiB by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxEncodedBytes { get; init => field = Require.Positive(value, nameof(MaxEncodedBytes)); } = 256 << 20;

    /// <summary>The most frames or pages a file may claim, 1000 by default, though only the first is decoded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxFrames { get; init => field = Require.Positive(value, nameof(MaxFrames)); } = 1000;

    /// <summary>
    /// A guard against hangs, 5 minutes by default: the longest that one image may take. Which images are used is decided by the limits on
    /// bytes, pixels and frames, which say the same on every machine; this one depends on how busy the machine is, so an image that it
    /// stops is reported apart (<see cref="ImageDecodeException.TimedOut"/>, <see cref="SkippedImage.TimedOut"/>). It is looked at between
    /// strips of rows: a format that decodes all at once is noticed when it has.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan MaxTime { get; init => field = Require.Positive(value, nameof(MaxTime)); } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether an image that is used with a warning, such as a damaged photo, is refused instead; false by default. The warnings are in
    /// <see cref="PixelBuffer.Warnings"/> and in the results of a run.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>
    /// The bytes that all images that are being decoded in this process may need together, this extractor's image included, before it
    /// begins; by default a quarter of the memory that the process may use. What an image needs is known from its header. An image for
    /// which there is no room waits its turn, without holding a thread in the <c>Async</c> methods; one that needs more than the budget is
    /// decoded alone. Memory for decoding therefore stays under the larger of this and the largest image that <see cref="MaxPixels"/> allows.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long MemoryBudget { get; init => field = Require.Positive(value, nameof(MemoryBudget)); } = s_quarter;

    /// <summary>Whether large JPEG images may be decoded at a fraction of their size; exact by default.</summary>
    public JpegShrink JpegShrink { get; init => field = Require.Defined(value, nameof(JpegShrink)); } = JpegShrink.None;

    /// <summary>What becomes of the values of 16-bit samples; <see cref="SampleLevels.Full"/> by default.</summary>
    public SampleLevels Levels { get; init => field = Require.Defined(value, nameof(Levels)); } = SampleLevels.Full;

    /// <summary>The color that transparent pixels are composited over; white by default.</summary>
    public Rgb Background { get; init; } = Rgb.White;
}

/// <summary>
/// Whether a JPEG image that is to be resized may be decoded at 1/2, 1/4 or 1/8 of its size, which its transform makes
/// cheap. The result is then near, not equal, to that of the full decode.
/// </summary>
public enum JpegShrink
{
    /// <summary>Never: the pixels are exact.</summary>
    None,

    /// <summary>
    /// To no less than twice the size wanted. Measured on 500 photographs resized to 64x64: pixels differ from the exact ones
    /// by 1 of 255 in the mean, and by at most 3.5 in the mean of any photograph.
    /// </summary>
    Near,

    /// <summary>To no less than the size wanted, as Pillow's draft mode does: by 2 in the mean, at most 7.1 of any photograph.</summary>
    Fast,
}

/// <summary>
/// Which values of 16-bit samples are black and white. Microscopes and medical scanners often store 12 bits in 16: such an image is
/// nearly black unless it is stretched. 8-bit images, and formats that have a bit depth of their own (AVIF, HEIC), stay as they are.
/// </summary>
public enum SampleLevels
{
    /// <summary>Black is 0 and white is 65535, whatever values the image has.</summary>
    Full,

    /// <summary>
    /// Black is the image's least value and white its greatest, of all color channels together and without alpha:
    /// <c>(v - least) * 65535 / (greatest - least)</c>. An embedded profile applies afterward.
    /// </summary>
    Data,
}
