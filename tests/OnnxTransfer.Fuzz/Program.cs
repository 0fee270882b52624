// Feeds mutated images of every format to each decoder: `OnnxTransfer.Fuzz [--inputs N] [--seed S] [--from F]`, where F
// goes on behind an earlier run of the same seed.
// Whatever the bytes, a decoder gives pixels or an ImageDecodeException, within its limits and without keeping memory.
using System.Diagnostics;
using System.Globalization;
using OnnxTransfer;
using OnnxTransfer.Fuzz;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

const int HangSeconds = 30;

var inputs = Number("--inputs", 100_000);
var seed = Number("--seed", 1);
var from = Number("--from", 0);
var samples = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
var options = new DecodeOptions { MaxPixels = 500_000, MaxTime = TimeSpan.FromSeconds(5) };
VipsDecoder.Register();
HeicDecoder.Register();
IImageDecoder[] decoders = [VipsDecoder.Instance, ImageDecoders.Default];

var current = -1;
var since = Stopwatch.GetTimestamp();
using var watchdog = new Timer(_ =>
{
    if (Stopwatch.GetElapsedTime(Volatile.Read(ref since)).TotalSeconds > HangSeconds)
        Environment.FailFast($"input {current} of seed {seed} has taken more than {HangSeconds} seconds");
}, null, 1000, 1000);

int sound = 0, doubtful = 0, refused = 0;
var memory = new MemoryWatch(inputs);
var (slowest, slowestInput) = (TimeSpan.Zero, -1);
for (current = from; current < from + inputs; current++)
{
    var encoded = Mutator.Mutate(samples, unchecked((seed * 1_000_003) + current));
    foreach (var decoder in decoders)
    {
        Volatile.Write(ref since, Stopwatch.GetTimestamp());
        try
        {
            using var pixels = decoder.Decode(encoded, options);
            if (pixels.Pixels.Length != 3 * pixels.Width * pixels.Height) return Fail(decoder, "the buffer has another size than the image", encoded);
            sound++;
            if (pixels.Warnings.Count > 0) doubtful++;
        }
        catch (ImageDecodeException)
        {
            refused++;
        }
#pragma warning disable CA1031 // Any other exception is what this program looks for.
        catch (Exception exception)
        {
            return Fail(decoder, exception.ToString(), encoded);
        }
#pragma warning restore CA1031

        var took = Stopwatch.GetElapsedTime(since);
        if (took > slowest) (slowest, slowestInput) = (took, current);
    }

    memory.Done(current + 1 - from);
}

Console.WriteLine($"{inputs} inputs of seed {seed}{(from > 0 ? $" from {from}" : "")}: {sound} decoded ({doubtful} with a warning), {refused} refused, slowest {slowest.TotalMilliseconds:f0} ms (input {slowestInput}), memory held grew by {memory.Growth / 1024} KiB after the warm-up, the most at once {MemoryWatch.Peak() / 1048576.0:f0} MiB");
if (!memory.IsTooMuch) return 0;
Console.Error.WriteLine("error: the memory that is held grows with the number of inputs");
return 1;

int Fail(IImageDecoder decoder, string what, byte[] encoded)
{
    var path = Path.Combine(Path.GetTempPath(), $"onnxtransfer-fuzz-{seed}-{current}.bin");
    File.WriteAllBytes(path, encoded);
    Console.Error.WriteLine($"error: {decoder.Name}, input {current} of seed {seed}, kept as {path}: {what}");
    return 1;
}

int Number(string name, int fallback)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : fallback;
}
