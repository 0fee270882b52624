using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using OnnxTransfer.Decoding;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Fuzz;

/// <summary>Gives mutated images of every format to each decoder that reads the format itself.</summary>
/// <param name="seed">The same seed gives the same images.</param>
/// <param name="from">The first image.</param>
/// <param name="inputs">How many there are.</param>
/// <param name="state">The file that keeps what is done; null for none.</param>
internal sealed class DecoderRun(int seed, int from, int inputs, string? state)
{
    private const int HangSeconds = 60;

    /// <summary>A run that is killed repeats at most this many inputs.</summary>
    private const int SavedEvery = 1000;

    private static readonly DecodeOptions s_options = new() { MaxPixels = 500_000, MaxTime = TimeSpan.FromSeconds(HangSeconds / 2) };

    private readonly IImageDecoder[] _decoders = [ImageDecoders.Default, VipsDecoder.Instance, HeicDecoder.Instance];
    private readonly Corpus _corpus = new();
    private int _current = -1;
    private long _since = Stopwatch.GetTimestamp();

    internal int Run()
    {
        VipsDecoder.Register();
        HeicDecoder.Register();
        var fresh = new MutationProgress { Seed = seed, Corpus = _corpus.Fingerprint, From = from, End = from + inputs, Next = from };
        if (state is not null) Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(state))!);
        var progress = MutationProgress.Load(state, fresh);
        using var place = state is null ? null : MemoryMappedFile.CreateFromFile(state + ".at", FileMode.OpenOrCreate, null, sizeof(int));
        using var at = place?.CreateViewAccessor();
        // A crash of native code leaves no other trace.
        if (at?.ReadInt32(0) is > 0 and var last && progress.Next > from && last < progress.End) Console.WriteLine($"the run before ended within input {last}");
        Console.WriteLine($"{_corpus.Files.Length} sound images ({_corpus.Fingerprint}), inputs {progress.Next} to {progress.End} of seed {seed}");

        using var watchdog = new Timer(_ =>
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _since)).TotalSeconds > HangSeconds)
                Environment.FailFast($"input {_current} of seed {seed} has taken more than {HangSeconds} seconds");
        }, null, 1000, 1000);
        var (first, growth) = (progress.Next, progress.Growth);
        var memory = new MemoryWatch(progress.End - first);
        for (_current = first; _current < progress.End; _current++)
        {
            at?.Write(0, _current);
            var encoded = Mutator.Mutate(_corpus.Files, unchecked((seed * 1_000_003) + _current));
            var format = ImageFormats.Detect(encoded);
            foreach (var decoder in _decoders)
            {
                if (!Reads(decoder, format)) continue;
                if (Decode(decoder, encoded, progress) is not { } wrong) continue;
                progress.Wrong++;
                var path = Path.Combine(Path.GetTempPath(), $"onnxtransfer-fuzz-{seed}-{_current}.bin");
                File.WriteAllBytes(path, encoded);
                Console.Error.WriteLine($"error: {decoder.Name}, input {_current} of seed {seed}, kept as {path}: {wrong}");
            }

            memory.Done(_current + 1 - first);
            progress.Next = _current + 1;
            if (progress.Next % SavedEvery != 0 && progress.Next != progress.End) continue;
            progress.Growth = Math.Max(growth, memory.Growth);
            progress.Save(state);
        }

        Print(progress);
        if (!memory.IsTooMuch) return progress.Wrong == 0 ? 0 : 1;
        Console.Error.WriteLine("error: the memory that is held grows with the number of inputs");
        return 1;
    }

    /// <summary>Those who would hand an image to another decoder are left out: the other sees it anyway.</summary>
    private static bool Reads(IImageDecoder decoder, ImageFormat format) =>
        decoder == HeicDecoder.Instance ? format == ImageFormat.Heic : format != ImageFormat.Heic && ((IRowDecoder)decoder).HandsTo(format) is null;

    /// <summary>What is wrong; null for nothing.</summary>
    private string? Decode(IImageDecoder decoder, byte[] encoded, MutationProgress progress)
    {
        if (!progress.Decoders.TryGetValue(decoder.Name, out var tally)) progress.Decoders.Add(decoder.Name, tally = new MutationProgress.Tally());
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
        var before = Environment.CpuUsage.TotalTime;
        try
        {
            using var pixels = decoder.Decode(encoded, s_options);
            if (pixels.Pixels.Length != 3 * pixels.Width * pixels.Height) return "the buffer has another size than the image";
            tally.Sound++;
            if (pixels.Warnings.Count > 0) tally.Doubtful++;
        }
        catch (ImageDecodeException exception) when (!exception.TimedOut)
        {
            tally.Refused++;
        }
#pragma warning disable CA1031 // Any other exception is what this program looks for.
        catch (Exception exception)
        {
            return exception.ToString();
        }
#pragma warning restore CA1031

        var took = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        if (took > tally.SlowestMilliseconds) (tally.SlowestMilliseconds, tally.SlowestInput) = (took, _current);
        var peak = MemoryWatch.Peak();
        if (peak > progress.PeakBytes) (progress.PeakBytes, progress.PeakInput) = (peak, _current);
        return null;
    }

    private static void Print(MutationProgress progress)
    {
        foreach (var (name, tally) in progress.Decoders)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {tally.Sound} decoded ({tally.Doubtful} with a warning), {tally.Refused} refused, the slowest in {tally.SlowestMilliseconds:f0} ms (input {tally.SlowestInput})"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{progress.End - progress.From} inputs of seed {progress.Seed}{(progress.From > 0 ? $" from {progress.From}" : "")}: {progress.Wrong} wrong, memory held grew by {progress.Growth / 1024} KiB after the warm-up, the most at once {progress.PeakBytes / 1048576.0:f0} MiB (input {progress.PeakInput})"));
    }
}
