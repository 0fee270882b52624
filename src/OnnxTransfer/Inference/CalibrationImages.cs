using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Inference;

/// <summary>The images that a network's ranges are measured on, and others that its loss is measured on, prepared for the network.</summary>
/// <param name="Calibration">Prepared images.</param>
/// <param name="HeldOut">Prepared images, none of them in <paramref name="Calibration"/>.</param>
internal sealed record CalibrationImages(IReadOnlyList<float[]> Calibration, IReadOnlyList<float[]> HeldOut)
{
    private const int Most = 128;
    internal const int Fewest = 8;

    /// <summary>Every fourth image is held out.</summary>
    private const int HeldOutStep = 4;

    /// <summary>The images to inspect: all of them, or an evenly spaced sample of the list sorted by id.</summary>
    internal static IReadOnlyList<ImageInput> Choose(IReadOnlyList<ImageInput> images)
    {
        var sorted = images.OrderBy(image => image.Id, StringComparer.Ordinal).ToList();
        return sorted.Count <= Most ? sorted : [.. Enumerable.Range(0, Most).Select(i => sorted[(int)((long)i * sorted.Count / Most)])];
    }

    /// <summary>Decodes and prepares; an image that cannot be decoded is left out here and listed where images are embedded.</summary>
    internal static CalibrationImages Prepare(
        IReadOnlyList<ImageInput> chosen, ModelCard card, IImageDecoder decoder, DecodeOptions options, int threads, CancellationToken cancellationToken)
    {
        var prepared = new float[chosen.Count][];
        var reasons = new string?[chosen.Count];
        var preprocessor = new ImagePreprocessor(card.Preprocess, card.Input.Layout, decoder, options);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Cores.Count(threads), CancellationToken = cancellationToken };
        Parallel.For(0, chosen.Count, parallel, i =>
        {
            var image = new float[3 * card.Input.Width * card.Input.Height];
            try
            {
                preprocessor.Prepare(chosen[i], image);
                prepared[i] = image;
            }
            catch (ImageDecodeException exception)
            {
                reasons[i] = exception.Reason;
            }
        });

        var usable = prepared.Where(image => image is not null).ToList();
        if (usable.Count < Fewest) Throw.TooFewCalibrationImages(usable.Count, Fewest, chosen.Count, Array.Find(reasons, reason => reason is not null));
        return new CalibrationImages(
            [.. usable.Where((_, i) => i % HeldOutStep != HeldOutStep - 1)],
            [.. usable.Where((_, i) => i % HeldOutStep == HeldOutStep - 1)]);
    }
}
