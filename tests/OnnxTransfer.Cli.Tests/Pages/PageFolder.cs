using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using SkiaSharp;

namespace OnnxTransfer.Cli.Tests.Pages;

/// <summary>A folder with every file that the pages name: drawn photos, small networks with the layers that the pages name, a trained classifier.</summary>
public sealed partial class PageFolder : IDisposable
{
    private const int Side = 24;
    private const int Channels = 12;
    private const string Backbone = "mobilenet-v2.onnx";

    /// <summary>A convolution, its mean, and a classifier.</summary>
    private const string KerasModel = """
        {"format":"layers-model","modelTopology":{"class_name":"Sequential","config":{"name":"drawn","layers":[
         {"class_name":"Conv2D","config":{"name":"conv","batch_input_shape":[null,24,24,3],"dtype":"float32","filters":4,"kernel_size":[3,3],"strides":[1,1],"padding":"same","data_format":"channels_last","dilation_rate":[1,1],"activation":"relu","use_bias":true}},
         {"class_name":"GlobalAveragePooling2D","config":{"name":"mean","data_format":"channels_last"}},
         {"class_name":"Dense","config":{"name":"classes","units":5,"activation":"softmax","use_bias":true}}]}},
         "weightsManifest":[{"paths":["shard.bin"],"weights":[{"name":"conv/kernel","shape":[3,3,3,4],"dtype":"float32"},{"name":"conv/bias","shape":[4],"dtype":"float32"},
          {"name":"classes/kernel","shape":[4,5],"dtype":"float32"},{"name":"classes/bias","shape":[5],"dtype":"float32"}]}]}
        """;

    private static readonly (string Name, SKColor Color)[] s_flowers =
        [("daisy", SKColors.White), ("dandelion", SKColors.Gold), ("roses", SKColors.Crimson), ("sunflowers", SKColors.Orange), ("tulips", SKColors.MediumPurple)];

    private readonly TempFolder _folder = new();
    private readonly Lazy<string> _files;

    public PageFolder() => _files = new Lazy<string>(Make);

    public void Dispose() => _folder.Dispose();

    /// <summary>What a user has in place of a name on a page: the network of the catalog is a file, and the letters of a pattern are numbers.</summary>
    internal static string WithNamesOfTheFolder(PageCommand command)
    {
        var text = CatalogId().Replace(command.Text, Backbone).Replace("NR % N == K", "NR % 2 == 1", StringComparison.Ordinal).Replace("/archive", "archive", StringComparison.Ordinal);
        var parsed = Program.Root().Parse(command.Arguments);
        if (parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Name == "--backbone") is not System.CommandLine.Option<string> backbone) return text;
        if (parsed.GetResult(backbone) is { Implicit: false } || (parsed.GetValue(backbone) ?? Commands.CommonOptions.DefaultBackbone) != Commands.CommonOptions.DefaultBackbone) return text;
        if (command.Arguments.Contains("--extend")) return text;
        var words = $"onnxtransfer {(command.Arguments[0] == "features" ? $"features {command.Arguments[1]}" : command.Arguments[0])}";
        return text.Replace(words, $"{words} --backbone {Backbone}", StringComparison.Ordinal);
    }

    /// <summary>Runs a line in a new copy of the folder, by the shell, with <c>onnxtransfer</c> on the path.</summary>
    internal CliResult Run(string line)
    {
        var folder = Path.Combine(_folder.Path, Guid.NewGuid().ToString("n"));
        Copy(_files.Value, folder);
        var start = new ProcessStartInfo("bash", ["-o", "pipefail", "-c", line]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{Path.Combine(_folder.Path, "bin")}:{start.Environment["PATH"]}";
        start.Environment["ONNXTRANSFER_HOME"] = Path.Combine(folder, "home");
        start.Environment["ONNXTRANSFER_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Directory.Delete(folder, recursive: true);
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private string Make()
    {
        var files = Directory.CreateDirectory(Path.Combine(_folder.Path, "files")).FullName;
        var script = _folder.File("bin", "onnxtransfer");
        File.WriteAllText(script, $"#!/bin/bash\nexec dotnet '{typeof(Program).Assembly.Location}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        DrawPhotos(files);
        WriteNetworks(files);
        using var extractor = FeatureExtractor.Load(Path.Combine(files, Backbone), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var result = ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Path.Combine(files, "flower_photos")), new TrainingPlan { KeepFeatures = true }).GetAwaiter().GetResult();
        using var classifier = result.Classifier;
        // The classifiers of earlier lines of the pages.
        foreach (var name in new[] { "flowers.onnx", "grown.onnx", "old.onnx" }) classifier.Save(Path.Combine(files, name));
        // The feature set of an earlier line, made by the tool itself, whose decoder is part of what the vectors depend on.
        using var process = Process.Start(new ProcessStartInfo(script, ["embed", "photos", "--out", "vectors", "--backbone", Backbone, "--cache", "none"]) { WorkingDirectory = files, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Assert.True(process.StandardError.ReadToEnd() is var error && process.StandardOutput.ReadToEnd().Length > 0, error);
        process.WaitForExit();
        return files;
    }

    private static void DrawPhotos(string files)
    {
        var random = new Random(1);
        foreach (var folder in new[] { "flower_photos", "more_flowers", "photos", "more", "train_photos", "val_photos", "test_photos", "my_test_photos", "archive" }) DrawClasses(Path.Combine(files, folder), s_flowers, random);
        DrawClasses(Path.Combine(files, "new_photos"), [("roses", SKColors.Crimson), ("violets", SKColors.Indigo)], random);
        DrawClasses(Path.Combine(files, "cats_vs_dogs"), [("cats", SKColors.Gray), ("dogs", SKColors.SaddleBrown)], random);
        DrawClasses(Path.Combine(files, "cifar10"), [("airplane", SKColors.SkyBlue), ("frog", SKColors.Green), ("truck", SKColors.Red)], random);
        foreach (var photo in new[] { "cat.jpg", "unknown.jpg" }) Draw(Path.Combine(files, photo), SKColors.MediumPurple, random);
        File.Copy(Path.Combine(files, "cat.jpg"), Path.Combine(files, "grace_hopper.bmp"));
        File.WriteAllLines(Path.Combine(files, "classes.txt"), s_flowers.Select(flower => flower.Name));
        var rows = Directory.EnumerateFiles(Path.Combine(files, "flower_photos"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select((file, i) => $"{Path.GetRelativePath(files, file)},{Path.GetFileName(Path.GetDirectoryName(file))},{(i % 4 == 0 ? "test" : "train")}");
        File.WriteAllLines(Path.Combine(files, "labels.csv"), ["path,species,fold", .. rows]);
        File.WriteAllText(Path.Combine(files, "last-run"), "");
        File.SetLastWriteTimeUtc(Path.Combine(files, "last-run"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    private static void DrawClasses(string folder, (string Name, SKColor Color)[] classes, Random random)
    {
        foreach (var (name, color) in classes)
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            for (var i = 0; i < 12; i++) Draw(Path.Combine(folder, name, $"{i:00}.jpg"), color, random);
        }
    }

    /// <summary>Spots of a color on a background of its own, so that no two photos are near duplicates.</summary>
    private static void Draw(string path, SKColor color, Random random)
    {
        using var bitmap = new SKBitmap(64, 48);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)));
        using var paint = new SKPaint { Color = color };
        for (var i = 0; i < 30; i++) canvas.DrawCircle(random.Next(64), random.Next(48), 2 + random.Next(5), paint);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        File.WriteAllBytes(path, data.ToArray());
    }

    private static void WriteNetworks(string files)
    {
        var model = Network();
        var weights = Path.Combine(files, "other.safetensors");
        WriteSafetensors(weights);
        var card = new ModelCard
        {
            Id = "drawn",
            License = "MIT",
            Source = "made by the tests",
            Input = new ModelInput("image", TensorLayout.Nchw, Side, Side),
            Features = new ModelFeatures("features", Channels),
            Classes = new ModelClasses("probabilities", ScoreKind.Probabilities, s_flowers.Length, "classes.txt"),
            Preprocess = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(Side, Side), Mean = [0.5, 0.5, 0.5], Std = [0.5, 0.5, 0.5] },
        };
        foreach (var name in new[] { Backbone, "mobilenet.onnx", "resnet.onnx", "full.onnx", "inception-v3.onnx", "vgg16.onnx", "googlenet.onnx", "mine.onnx", "net.onnx" })
        {
            var path = Path.Combine(files, name);
            model.Save(path);
            if (name != "net.onnx") card.Save(ModelCard.PathFor(path));
        }

        TinyTransformer.WriteFolder(Path.Combine(files, "convnext"));
        var transformer = Path.Combine(files, "dinov2.onnx");
        File.Copy(Path.Combine(files, "convnext", "onnx", "model.onnx"), transformer);
        ModelFile.Open(transformer).WriteCard($"tf@{TinyTransformer.Side}");
        WriteKeras(files);
    }

    /// <summary>A network with the names of layers that the pages print.</summary>
    private static OnnxModel Network()
    {
        var random = new Random(42);
        float[] Numbers(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextDouble() * 2) - 1) * scale))];
        var (graph, batch) = (new OnnxGraphBuilder("drawn"), OnnxDim.Named("N"));
        graph.Input("image", OnnxElementType.Float32, batch, 3, Side, Side);
        graph.Node("Conv", "convolved", ["image", graph.Constant("filters", [Channels, 3, 3, 3], Numbers(Channels * 27, 0.4))], ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }));
        var x = graph.Node("Relu", "NAME", ["convolved"]);
        foreach (var layer in new[] { "stage3_out", "stage4_out", "mixed10" })
        {
            var mixed = graph.Node("Conv", $"{layer}_convolved", [x, graph.Constant($"{layer}_weights", [Channels, Channels, 1, 1], Numbers(Channels * Channels, 0.4))], ("kernel_shape", new[] { 1, 1 }));
            x = graph.Node("Relu", layer, [mixed]);
        }

        x = graph.Node("Add", "add_48", [x, "stage3_out"]);
        graph.Node("GlobalAveragePool", "pooled", [x]);
        graph.Node("Flatten", "features", ["pooled"]);
        graph.Node("Gemm", "scores", ["features", graph.Constant("dense", [Channels, s_flowers.Length], Numbers(Channels * s_flowers.Length, 1))]);
        graph.Node("Softmax", "probabilities", ["scores"], ("axis", 1));
        graph.Output("features", OnnxElementType.Float32, [batch, Channels]);
        graph.Output("probabilities", OnnxElementType.Float32, [batch, s_flowers.Length]);
        return graph.Build("drawn");
    }

    /// <summary>Other weights with the names of the network.</summary>
    private static void WriteSafetensors(string path)
    {
        var (header, data) = (new JsonObject(), new MemoryStream());
        void Add(string name, params int[] shape)
        {
            var start = data.Length;
            for (var i = 0; i < shape.Aggregate(1, (product, side) => product * side); i++) data.Write(BitConverter.GetBytes((float)Math.Sin(i)));
            header[name] = new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray([.. shape.Select(side => (JsonNode)side)]), ["data_offsets"] = new JsonArray(start, data.Length) };
        }

        Add("filters", Channels, 3, 3, 3);
        foreach (var layer in new[] { "stage3_out", "stage4_out", "mixed10" }) Add($"{layer}_weights", Channels, Channels, 1, 1);
        Add("dense", Channels, s_flowers.Length);
        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)json.Length), .. json, .. data.ToArray()]);
    }

    /// <summary>A small model in the layout of TensorFlow.js and, where Python has h5py, files of Keras.</summary>
    private static void WriteKeras(string files)
    {
        foreach (var folder in new[] { "FOLDER", "inception" })
        {
            Directory.CreateDirectory(Path.Combine(files, folder));
            File.WriteAllText(Path.Combine(files, folder, "model.json"), KerasModel);
            File.WriteAllBytes(Path.Combine(files, folder, "shard.bin"), [.. Enumerable.Range(0, (9 * 3 * 4) + 4 + (4 * 5) + 5).SelectMany(i => BitConverter.GetBytes(i % 101 / 101f))]);
        }

        if (PythonFactAttribute.Missing is not null) return;
        PythonFactAttribute.Run("make_mobilenet_v2.py", Path.Combine(files, "my_weights.h5"), "5");
        File.Copy(Path.Combine(files, "my_weights.h5"), Path.Combine(files, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"));
        var network = Conversion.KerasConverter.Convert(File.ReadAllBytes(Path.Combine(files, "my_weights.h5")), new Conversion.KerasOptions { Architecture = "mobilenet_v2" });
        File.WriteAllBytes(Path.Combine(files, "mobilenet_v2.onnx"), network);
    }

    [GeneratedRegex(@"(?<![\w.-])mobilenet-v2(?![\w.-])")]
    private static partial Regex CatalogId();
}
