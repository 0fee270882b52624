using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

// ML.NET's own way from image files to the 512 features of ResNet-18. Writes them as float32, image after image, and prints the seconds
// of the fastest of some rounds as JSON. `LIST` has one path a line.
if (args is ["heads", var heads, var classes, var target])
    return Heads.Run(heads, int.Parse(classes, CultureInfo.InvariantCulture), double.Parse(target, CultureInfo.InvariantCulture));
if (args is not [var list, var output, var roundsText])
{
    Console.Error.WriteLine("usage: OnnxTransfer.Peers.MlNet LIST OUTPUT ROUNDS, or heads FOLDER CLASSES TARGET");
    return 2;
}

var images = File.ReadAllLines(list).Select(path => new Input { Path = path }).ToList();
var context = new MLContext(seed: 1);
var data = context.Data.LoadFromEnumerable(images);
var pipeline = context.Transforms.LoadImages("Image", imageFolder: "", inputColumnName: nameof(Input.Path))
    // The files have this size; ML.NET wants to be told it.
    .Append(context.Transforms.ResizeImages("Sized", 224, 224, "Image"))
    .Append(context.Transforms.ExtractPixels("Pixels", "Sized"))
    .Append(context.Transforms.DnnFeaturizeImage("Features", model => model.ModelSelector.ResNet18(context, model.OutputColumn, model.InputColumn), "Pixels"));

// Fitting opens the networks; the first pass is the warm-up.
var transformer = pipeline.Fit(data);
var features = Compute();
var seconds = double.PositiveInfinity;
for (var round = 0; round < int.Parse(roundsText, CultureInfo.InvariantCulture); round++)
{
    var clock = Stopwatch.StartNew();
    features = Compute();
    seconds = Math.Min(seconds, clock.Elapsed.TotalSeconds);
}

await using (var file = File.Create(output))
{
    foreach (var row in features) file.Write(MemoryMarshal.AsBytes(row.AsSpan()));
}

var versions = $"ML.NET {Version(typeof(MLContext))}, SkiaSharp {Version(typeof(SkiaSharp.SKBitmap))}";
Console.WriteLine(JsonSerializer.Serialize(new { seconds, images = images.Count, versions }));
return 0;

static string Version(Type type) =>
    type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+', '-')[0];

List<float[]> Compute() => [.. transformer.Transform(data).GetColumn<float[]>("Features")];

internal sealed class Input
{
    public string Path { get; set; } = "";
}
