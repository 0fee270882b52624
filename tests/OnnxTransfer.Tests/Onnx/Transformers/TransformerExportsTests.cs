using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;
using OnnxTransfer.TestSupport;
using Xunit.Abstractions;

namespace OnnxTransfer.Tests.Onnx.Transformers;

/// <summary>Networks that PyTorch writes and computes itself; skipped where the machine has no Python with PyTorch.</summary>
[Trait("Category", "Long")]
public sealed class TransformerExportsTests(ITestOutputHelper output, TransformerExports exports) : IClassFixture<TransformerExports>
{
    private const int Side = 64;

    [PyTorchFact]
    public void TheFeatureOfEveryExportIsThatOfPyTorch()
    {
        var failures = new List<string>();
        foreach (var (name, model, golden) in exports.All())
        {
            try
            {
                var image = Prepare(model);
                var found = OnnxInspector.Inspect(model, image);
                if (found.Features is null) throw new InvalidDataException(found.WhyNoFeatures);
                var tensor = found.Features.Tensor;
                if (found.Features.IsSpatial || found.Features.Pooling is not null) tensor = OnnxGraphEditor.Pool(model, [tensor], found.Features.Pooling ?? FeaturePooling.Average, image)[0];
                var difference = Compare(model, tensor, golden["feature"]);
                if (!(difference <= 1e-4)) failures.Add($"{name}: '{tensor}' differs by {difference:0.00e0}");
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                failures.Add($"{name}: {exception.Message}");
            }
        }

        failures.ForEach(output.WriteLine);
        Assert.Empty(failures);
    }

    [PyTorchFact]
    public void TokensArePooledAsPyTorchDoes()
    {
        var (failures, worst) = (new List<string>(), 0.0);
        (string Key, FeaturePooling Pooling)[] poolings =
        [
            ("cls", FeaturePooling.Cls), ("mean", FeaturePooling.MeanTokens), ("cls+mean", FeaturePooling.ClsAndMean), ("cls4+mean", FeaturePooling.LastFourAndMean),
        ];
        var compared = 0;
        foreach (var (name, original, golden) in exports.All())
        {
            foreach (var (key, pooling) in poolings.Where(one => golden.ContainsKey(one.Key)))
            {
                try
                {
                    var model = original.Clone();
                    var image = Prepare(model);
                    var tokens = OnnxInspector.TokensOf(model, null, image);
                    var difference = Compare(model, OnnxGraphEditor.Pool(model, [tokens], pooling, image)[0], golden[key]);
                    (worst, compared) = (Math.Max(worst, difference), compared + 1);
                    if (!(difference <= 1e-5)) failures.Add($"{name} {key} of '{tokens}' differs by {difference:0.00e0}");
                }
                catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
                {
                    failures.Add($"{name} {key}: {exception.Message}");
                }
            }
        }

        output.WriteLine($"{compared} compared, largest difference {worst:0.00e0}");
        failures.ForEach(output.WriteLine);
        Assert.Empty(failures);
    }

    [PyTorchFact]
    public void FewShapesStayUnknown()
    {
        var failures = new List<string>();
        var highest = 0.0;
        foreach (var (name, model, _) in exports.All())
        {
            var image = OnnxImageInput.Of(model) with { Height = Side, Width = Side };
            // Only the rules count here, not what the file says about its outputs.
            model.Graph.ValueInfo.Clear();
            model.Graph.Output.Clear();
            var shapes = OnnxShapes.Infer(model, image.Sizes(model));
            var all = OnnxGraphEditor.ComputedTensors(model).ToList();
            var unknown = all.Where(tensor => shapes.Dims(tensor) is not { } dims || dims.Any(dim => !dim.IsKnown && dim.Symbol is null)).ToList();
            var share = (double)unknown.Count / all.Count;
            highest = Math.Max(highest, share);
            if (share >= 0.05) failures.Add($"{name}: {unknown.Count} of {all.Count}; {shapes.WhyUnknown(unknown[0]) ?? shapes[unknown[0]].ToString()}");
        }

        output.WriteLine($"largest share {highest:0.0%}");
        failures.ForEach(output.WriteLine);
        Assert.Empty(failures);
    }

    [PyTorchFact]
    public void EveryListedLayerRunsWithTheListedShape()
    {
        var failures = new List<string>();
        foreach (var (name, model, _) in exports.All().Where(one => one.Name.Contains(".o17", StringComparison.Ordinal)))
        {
            var image = Prepare(model);
            var layers = OnnxSummary.Of(model, image).Layers;
            foreach (var layer in layers.Where(layer => model.Graph.Output.All(one => one.Name != layer.Value.Name))) model.Graph.Output.Add(new ValueInfoProto { Name = layer.Value.Name });
            var outputs = GraphRunner.Run(model, ("pixel_values", exports.Images));
            foreach (var layer in layers)
            {
                var given = outputs[layer.Value.Name].Shape;
                var stated = layer.Value.Dims!;
                if (given[0] != 2 || given.Length != stated.Count || stated.Where((dim, i) => dim.Size is { } size && size != given[i]).Any()) failures.Add($"{name} {layer.Value.Name} {layer.Value.ShapeText}: [{string.Join(',', given)}]");
            }
        }

        failures.ForEach(output.WriteLine);
        Assert.Empty(failures);
    }

    [PyTorchFact]
    public void AnySizeIsSaidOnlyWhereItIsTrue()
    {
        foreach (var (name, model, _) in exports.All().Where(one => one.Name.EndsWith('f')))
        {
            var image = OnnxImageInput.Of(model);
            int? expected = name.StartsWith("convnext", StringComparison.Ordinal) || name.StartsWith("dino", StringComparison.Ordinal) ? null : Side;
            Assert.Equal((name, expected), (name, OnnxFit.OnlySize(model, image)));
        }
    }

    private static OnnxImageInput Prepare(OnnxModel model)
    {
        var image = OnnxImageInput.Of(model) with { Height = Side, Width = Side };
        Assert.Null(OnnxAdapter.MakeBackbone(model, image));
        return image with { FixedBatch = null };
    }

    private double Compare(OnnxModel model, string tensor, float[] expected)
    {
        OnnxGraphEditor.Cut(model, tensor);
        var found = GraphRunner.Run(model, ("pixel_values", exports.Images))[tensor].Data;
        return found.Length == expected.Length ? found.Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)) : double.NaN;
    }
}

/// <summary>The networks, written once for all tests.</summary>
public sealed class TransformerExports : IDisposable
{
    private readonly TempFolder _folder = new();

    public TransformerExports()
    {
        if (!PyTorchFactAttribute.HasPyTorch) return;
        var script = Path.Combine(Repository.Root, "tests", "OnnxTransfer.Tests", "Onnx", "Transformers", "make_models.py");
        Assert.Equal(0, PyTorchFactAttribute.Python(script, _folder.Path));
    }

    internal Values Images => new(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File("images.f32"))).ToArray(), 2, 3, 64, 64);

    internal IEnumerable<(string Name, OnnxModel Model, Dictionary<string, float[]> Golden)> All() =>
        Directory.EnumerateFiles(_folder.Path, "*.onnx").Order(StringComparer.Ordinal).Select(path => (
            Path.GetFileNameWithoutExtension(path), OnnxModel.Load(path), JsonSerializer.Deserialize<Dictionary<string, float[]>>(File.ReadAllBytes(Path.ChangeExtension(path, ".json")))!));

    public void Dispose() => _folder.Dispose();
}

/// <summary>Skips a test where the system's Python has no PyTorch.</summary>
internal sealed class PyTorchFactAttribute : FactAttribute
{
    internal static readonly bool HasPyTorch = Python("-c", "import torch, numpy") == 0;

    public PyTorchFactAttribute()
    {
        if (!HasPyTorch) Skip = "This machine has no /usr/bin/python3 with PyTorch (Debian: python3-torch).";
    }

    internal static int Python(params string[] arguments)
    {
        if (!File.Exists("/usr/bin/python3")) return -1;
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
