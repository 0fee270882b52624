// Measures the memory of decodes by small files that claim much: `OnnxTransfer.Memory [--width W] [--height H] [--file PATH]
// [--threads N --budget MIB]`. Alone, no image takes more than the gate counts for it; in a crowd, all together stay under the budget.
// Or the memory of an open network: `OnnxTransfer.Memory --network MODEL --photos FOLDER [--threads N] [--allowed MIB]`.
using System.Globalization;
using OnnxTransfer;
using OnnxTransfer.Decoding;
using OnnxTransfer.Heic;
using OnnxTransfer.Memory;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Vips;

const double Mib = 1 << 20;

if (Text("--network") is { } network) return NetworkMemory.Run(network, Text("--photos")!, Number("--threads", 0), Number("--allowed", 0));
var (threads, budget) = (Number("--threads", 0), Number("--budget", 256));
var options = DecodeOptions.Default with { MemoryBudget = (long)budget << 20 };
var spec = PreprocessSpec.Torch();
// As in the library, where a tensor is rented and not an image's.
using var tensor = new ThreadLocal<float[]>(() => new float[3 * spec.OutputSize.Width * spec.OutputSize.Height]);
VipsDecoder.Register();
HeicDecoder.Register();
IImageDecoder[] decoders = [ImageDecoders.Default, VipsDecoder.Instance];
var files = WorstFiles.Make(Number("--width", 6000), Number("--height", 4000)).ToDictionary();
for (var i = 0; i + 1 < args.Length; i++)
{
    if (args[i] == "--file" && File.Exists(args[i + 1])) files[Path.GetFileName(args[i + 1])] = File.ReadAllBytes(args[i + 1]);
}

// The libraries' own tables are not those of an image.
foreach (var decoder in decoders)
{
    foreach (var file in WorstFiles.Make(64, 64).Values) _ = Decode(decoder, file);
}

return threads > 0 ? Crowd() : Alone();

int Alone()
{
    var wrong = 0;
    foreach (var decoder in decoders)
    {
        Console.WriteLine($"{decoder.Name,-26}    bytes   counted MiB     taken MiB");
        foreach (var (name, file) in files)
        {
            var counted = DecodeMemory.Of(file, decoder, options);
            string? refusal = null;
            var taken = Peak.Of(() => refusal = Decode(decoder, file));
            if (taken > counted) wrong++;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-26}{file.Length,9} {counted / Mib,13:f1} {taken / Mib,13:f1}{(taken > counted ? "  more than counted" : "")}{(refusal is null ? "" : "  " + refusal)}"));
        }
    }

    return wrong == 0 ? 0 : 1;
}

int Crowd()
{
    var wrong = 0;
    foreach (var decoder in decoders)
    {
        var allowed = Math.Max(options.MemoryBudget, files.Values.Max(file => DecodeMemory.Of(file, decoder, options)));
        var done = 0;
        var taken = Peak.Of(() =>
        {
            // Every thread takes the files in another order, so that all kinds meet.
            var crowd = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
            {
                var random = new Random(thread);
                var order = files.Values.ToArray();
                random.Shuffle(order);
                foreach (var file in order)
                {
                    if (Decode(decoder, file) is null) Interlocked.Increment(ref done);
                }
            })).ToList();
            crowd.ForEach(thread => thread.Start());
            crowd.ForEach(thread => thread.Join());
        });
        if (taken > allowed) wrong++;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{decoder.Name}: {threads} threads, {threads * files.Count} images, {done} decoded; peak {taken / Mib:f0} MiB of {allowed / Mib:f0} allowed (budget {budget} MiB); {MemoryGate.Shared.Bytes} bytes and {MemoryGate.Shared.Waiting} images left in the gate"));
        if (MemoryGate.Shared is not { Bytes: 0, Waiting: 0, Active: 0 }) wrong++;
    }

    return wrong == 0 ? 0 : 1;
}

// The reason of a refusal, which is right as well: what counts is the memory that it took.
string? Decode(IImageDecoder decoder, byte[] file)
{
    try
    {
        new ImagePreprocessor(spec, TensorLayout.Nchw, decoder, options).Prepare(file, tensor.Value!);
        return null;
    }
    catch (ImageDecodeException exception)
    {
        return exception.Reason;
    }
}

int Number(string name, int fallback) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

string? Text(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
