using System.IO.Compression;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.Conversion;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Fuzz;

/// <summary>The readers of models, weights, features and tables: for any bytes each gives a result or the error that its door documents.</summary>
internal static class ModelParsers
{
    /// <summary>The namespaces whose branches lead the way.</summary>
    private static readonly string[] s_code =
    [
        "OnnxTransfer.Onnx.", "OnnxTransfer.Backbones.", "OnnxTransfer.Training.", "OnnxTransfer.Conversion.", "OnnxTransfer.Data.", "OnnxTransfer.Internals.", "OnnxTransfer.Embedding.", "OnnxTransfer.ModelFile",
        "OnnxTransfer.FeatureSet",
    ];

    private static readonly string[] s_json = ["null", "true", "[]", "{}", "-1", "1e999", "0.5", "99999999999", "\\ud800", "\u00FF", "\"\""];

    /// <summary>The files that a reader wants to have a name; in memory where there is such a folder.</summary>
    private static readonly Lazy<string> s_folder = new(() =>
    {
        var folder = Directory.Exists("/dev/shm") ? $"/dev/shm/onnxtransfer-fuzz-{Environment.ProcessId}" : Directory.CreateTempSubdirectory("onnxtransfer-fuzz-").FullName;
        Directory.CreateDirectory(folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    internal static IReadOnlyList<Parser> All { get; } =
    [
        Of("onnx", ModelSamples.Onnx, ["Conv", "Gemm", "Reshape", "If", "Constant", "Softmax", "\b\u0001", "\u00FF\u00FF\u00FF\u00FF\u0007", "location", "weights.bin"], ReadOnnx, 16 << 10),
        Of("tflite", ModelSamples.TfLite, ["TFL3", "\u0001\0\0\0", "\u00FF\u00FF\u00FF\u00FF", "\0\0\0\u0080"], ReadTfLite),
        Of("keras", ModelSamples.KerasJson, [.. s_json, "Sequential", "Functional", "InputLayer", "Conv2D", "Dense", "\"inbound_nodes\"", "\"shape\"", "\"quantization\"", "uint8"], ReadKerasJson, 16 << 10),
        Of("h5", () => ModelSamples.Keras(".h5"), ["OHDR", "OCHK", "TREE", "HEAP", "SNOD", "GCOL"], ReadKeras, 64 << 10),
        Of("keras-zip", () => [.. ModelSamples.Keras(".keras"), .. SmallArchives()], ["PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "config.json", "model.weights.h5", .. s_json], ReadKeras, 64 << 10),
        Of("safetensors", () => [ModelSamples.Safetensors()], [.. s_json, "\"dtype\"", "F64", "BF16", "\"shape\"", "data_offsets", "__metadata__"], bytes => ReadWeights(bytes, ".safetensors")),
        Of("npz", () => [Npz(CompressionLevel.NoCompression), Npz(CompressionLevel.Fastest)], ["PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "\u0093NUMPY", "<f8", "(1,)", "True"], bytes => ReadWeights(bytes, ".npz")),
        Of("npy", () => [ModelSamples.Npy("<f4", "(2, 3)", 24), ModelSamples.Npy("<f4", "(0, 3)", 0)], ["\u0093NUMPY", "'shape': (", "99999999999", "True", "<f8", "\u0002\0"], ReadNpy),
        Of("card", () => [Encoding.UTF8.GetBytes(TinyBackbone.Card().ToJson()), .. Cards()], [.. s_json, "\"preset\"", "torch@224", "\"classes\"", "\"labels\"", "\"crop\"", "\"pooling\""], ReadCard),
        Of("config", () => [.. Configs()], [.. s_json, "\n---\n", "\"pretrained_cfg\"", "\"id2label\"", "\"size\"", "shortest_edge", "\"do_", "CLIPImageProcessor"], ReadConfig),
        Of("classifier", ModelSamples.Classifiers, [.. s_json, "onnxtransfer.labels", "onnxtransfer.probe", "onnxtransfer.card", "onnxtransfer.features", "Gemm"], ReadClassifier, 16 << 10),
        Of("kept", () => [Convert.FromBase64String(ModelSamples.Kept(2).ToText())], [.. s_json, "\"ids\"", "\"data_offsets\"", "\"shape\""], ReadKept),
        Of("head", ModelSamples.Heads, [.. s_json, "Gemm", "Relu", "Sigmoid", "Softmax", "onnxtransfer.labels"], ReadHead),
        Of("set", Sets, [.. s_json, "\"parts\"", "\"facts\"", "\"skipped\"", "part-00000000-"], ReadSet),
        Of("table", () => [.. Tables()], [.. s_json, "\"", ",", "\t", "\r\n", "label", "split"], ReadTable),
    ];

    private static Parser Of(string name, Func<byte[][]> sound, string[] tokens, Action<byte[]> read, int mostBytes = 8 << 10) =>
        new(name, sound, tokens, read) { Code = s_code, MostBytes = mostBytes, Refuses = exception => exception is OnnxTransferException };

    /// <summary>What a converter documents is told to be the model's error where a model is opened, and counts as it here.</summary>
    private static void Documented(string source, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException && exception.Message.Contains(source, StringComparison.Ordinal))
        {
            throw new InvalidModelException(exception.Message, exception);
        }
    }

    private static string Written(string name, byte[] bytes)
    {
        var path = Path.Combine(s_folder.Value, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void ReadOnnx(byte[] bytes)
    {
        if (!File.Exists(Path.Combine(s_folder.Value, "weights.bin"))) Written("weights.bin", new byte[64]);
        var path = Written("fuzzed.onnx", bytes);
        var file = ModelFile.Open(path);
        foreach (var layer in file.Layers.Where(layer => layer.Dim is not null).TakeLast(2)) Cut(file, layer.Name);
        _ = file.LayersAt(file.Height ?? 32, file.Width ?? 32);
        ReadWeights(path);
    }

    private static void Cut(ModelFile file, string layer)
    {
        try
        {
            file.Cut(Path.Combine(s_folder.Value, "cut.onnx"), [layer]);
        }
        catch (ArgumentException exception) when (exception.GetType() == typeof(ArgumentException))
        {
            // The layer is the caller's choice, and this one is no vector.
        }
    }

    private static void ReadTfLite(byte[] bytes)
    {
        const string Source = "the TFLite model";
        Documented(Source, () => OnnxModel.Parse(TfLiteConverter.Convert(bytes)));
        Documented(Source, () => OnnxModel.Parse(TfLiteConverter.Convert(bytes, new TfLiteOptions { KeepQuantized = true, FloatShare = 0 })));
    }

    private static readonly Lazy<byte[]> s_shard = new(() => ModelSamples.KerasShard(ModelSamples.KerasText("small.model.json")));

    private static void ReadKerasJson(byte[] bytes) => Documented("the Keras model", () => OnnxModel.Parse(KerasConverter.Convert(bytes, _ => s_shard.Value)));

    private static void ReadKeras(byte[] bytes) => Documented("the Keras model", () => OnnxModel.Parse(KerasConverter.Convert(bytes)));

    private static void ReadWeights(byte[] bytes, string extension) => ReadWeights(Written("fuzzed" + extension, bytes));

    private static void ReadWeights(string path) => Documented(path, () =>
    {
        foreach (var weights in WeightFile.Open(path).Values)
        {
            var values = weights.Read();
            if (values.Length != weights.Shape.Aggregate(1L, (product, side) => product * side)) throw new InvalidOperationException("An array has another size than its shape.");
        }
    });

    private static void ReadNpy(byte[] bytes)
    {
        var path = Written("fuzzed.npy", bytes);
        Documented(path, () => FeatureMatrix.LoadNpy(path));
    }

    private static void ReadCard(byte[] bytes)
    {
        var (model, card) = (Network(), ModelCard.PathFor(Network()));
        File.WriteAllBytes(card, bytes);
        try
        {
            if (ModelFolder.FactsOf(model).Preprocess is not null) _ = ModelFile.Open(model).Info;
        }
        finally
        {
            File.Delete(card);
        }
    }

    private static void ReadConfig(byte[] bytes)
    {
        var model = Network();
        var at = bytes.AsSpan().IndexOf("\n---\n"u8);
        string[] files = [.. ((string[])["config.json", "preprocessor_config.json"]).Select(name => Path.Combine(Path.GetDirectoryName(model)!, name))];
        File.WriteAllBytes(files[0], at < 0 ? bytes : bytes[..at]);
        if (at >= 0) File.WriteAllBytes(files[1], bytes[(at + 5)..]);
        try
        {
            if (ModelFolder.FactsOf(model).Preprocess is not null) _ = ModelFile.Open(model).Info;
        }
        finally
        {
            foreach (var file in files) File.Delete(file);
        }
    }

    /// <summary>A sound network in a folder of its own, so that what is beside it is no other reader's.</summary>
    private static string Network()
    {
        var path = Path.Combine(s_folder.Value, "network", "tiny.onnx");
        if (File.Exists(path)) return path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ModelSamples.Tiny(TensorLayout.Nchw).Save(path);
        return path;
    }

    private static void ReadClassifier(byte[] bytes)
    {
        var path = Written("classifier.onnx", bytes);
        Refused(() => ModelFile.Open(path));
        Refused(() => ClassifierHead.Load(path));
        var (_, head, labels, _, _, probe, kept) = ClassifierFile.Read(path);
        _ = probe.DifferenceTo(probe);
        if (labels.Any(string.IsNullOrWhiteSpace) || labels.Distinct().Count() != head.ClassCount) throw new InvalidOperationException($"The labels {string.Join(", ", labels)} stand for {head.ClassCount} classes.");
        foreach (var split in Enum.GetValues<DataSplit>()) _ = kept?.Labeled(kept.Rows(split));
    }

    private static void ReadKept(byte[] bytes) => Documented("kept feature vectors", () =>
    {
        var kept = KeptFeatures.Parse(Convert.ToBase64String(bytes), 2, 2);
        foreach (var split in Enum.GetValues<DataSplit>()) _ = kept.Labeled(kept.Rows(split));
        _ = kept.ToText();
    });

    private static void ReadHead(byte[] bytes)
    {
        var (head, labels) = ClassifierHead.Load(Written("head.onnx", bytes));
        if (labels.Count != head.ClassCount) throw new InvalidOperationException($"{labels.Count} labels stand for {head.ClassCount} classes.");
        if (head.Dim < 10_000 && head.Probabilities(new float[head.Dim]).Any(float.IsNaN)) throw new InvalidOperationException("A probability is NaN.");
    }

    /// <summary>The first byte of an input chooses the file that the rest replaces.</summary>
    private static byte[][] Sets()
    {
        var folder = SetFolderPath();
        return [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select((file, i) => (byte[])[(byte)i, .. File.ReadAllBytes(file)])];
    }

    private static string SetFolderPath()
    {
        var folder = Path.Combine(s_folder.Value, "set");
        if (!Directory.Exists(folder)) ModelSamples.WriteSet(folder);
        return folder;
    }

    private static void ReadSet(byte[] bytes)
    {
        if (bytes.Length == 0) return;
        var folder = SetFolderPath();
        var files = Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToArray();
        var file = files[bytes[0] % files.Length];
        var sound = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[1..]);
        try
        {
            Documented(folder, () => FeatureSet.Inspect(folder));
        }
        catch (OnnxTransferException)
        {
            // Opening it says so too.
        }

        try
        {
            Documented(folder, () =>
            {
                var set = FeatureSet.Open(folder);
                set.Verify();
                set.ReadRows(0, new float[set.RowCount * set.Dim]);
            });
        }
        finally
        {
            File.WriteAllBytes(file, sound);
        }
    }

    private static void ReadTable(byte[] bytes)
    {
        var line = bytes.AsSpan()[..Math.Max(0, bytes.AsSpan().IndexOf((byte)'\n'))];
        if (line.StartsWith("{"u8)) _ = ImageDataset.FromJsonLines(Written("table.jsonl", bytes));
        else if (line.Contains((byte)'\t')) _ = ImageDataset.FromTsv(Written("table.tsv", bytes));
        else _ = ImageDataset.FromCsv(Written("table.csv", bytes));
    }

    /// <summary>Calls a second door, of which an error is as good as a result.</summary>
    private static void Refused(Action read)
    {
        try
        {
            read();
        }
        catch (OnnxTransferException)
        {
            // The documented error.
        }
    }

    private static IEnumerable<byte[]> SmallArchives()
    {
        byte[] config = [.. """{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"InputLayer","config":{"name":"i","batch_input_shape":[null,4]}},{"class_name":"Dense","config":{"name":"d","units":2,"use_bias":false}}]}}"""u8];
        yield return ModelSamples.Zip(CompressionLevel.NoCompression, ("metadata.json", [.. "{\"keras_version\":\"3.3.3\"}"u8]), ("config.json", config), ("model.weights.h5", new byte[64]));
        yield return ModelSamples.Zip(CompressionLevel.Fastest, ("config.json", config), ("model.weights.h5", new byte[64]));
    }

    private static byte[] Npz(CompressionLevel level) => ModelSamples.Zip(level, ("w.npy", ModelSamples.Npy("<f4", "(2, 3)", 24)), ("h.npy", ModelSamples.Npy("<f2", "(4,)", 8)), ("t.npy", ModelSamples.Npy("<U3", "(1,)", 12)));

    private static IEnumerable<byte[]> Cards()
    {
        yield return [.. """{"preprocess":{"preset":"torch"},"features":{"pooling":"average"}}"""u8];
        yield return [.. """{"id":"x","license":"MIT","source":"s","input":{"tensor":"image","layout":"NCHW","height":16,"width":16},"features":{"tensor":"features","dim":12},"classes":{"tensor":"features","kind":"logits","count":12,"labels":"x.labels.txt"},"preprocess":{"resize":{"mode":"shortest-edge","size":18,"filter":"pillow-bilinear"},"crop":{"width":16,"height":16,"rounding":"down"},"channels":"BGR","rescale":0.00392156862745098,"mean":[0.5,0.4,0.3],"std":[0.2,0.2,0.2]}}"""u8];
    }

    private static IEnumerable<byte[]> Configs()
    {
        yield return [.. """{"model_type":"vit","id2label":{"0":"a","1":"b"}}"""u8, .. "\n---\n"u8, .. """{"image_processor_type":"ViTImageProcessor","do_resize":true,"size":{"height":16,"width":16},"resample":2,"do_rescale":true,"rescale_factor":0.00392156862745098,"do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}"""u8];
        yield return [.. """{"model_type":"clip"}"""u8, .. "\n---\n"u8, .. """{"feature_extractor_type":"CLIPFeatureExtractor","size":{"shortest_edge":16},"crop_size":16,"do_center_crop":true}"""u8];
        yield return [.. """{"architecture":"resnet18","num_classes":2,"label_names":["a","b"],"pretrained_cfg":{"input_size":[3,16,16],"test_input_size":[3,32,32],"interpolation":"bicubic","crop_pct":0.9,"crop_mode":"center","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"num_classes":2}}"""u8];
    }

    private static IEnumerable<byte[]> Tables()
    {
        yield return [.. "image,label,split,weight\na.jpg,rose,train,1\n\"b \"\"1\"\".jpg\",daisy,test,0.5\r\nc.jpg,,,\n"u8];
        yield return [.. "path\tclass\na.jpg\trose\nb.jpg\tdaisy\n"u8];
        yield return [.. "{\"image\":\"a.jpg\",\"label\":\"rose\",\"weight\":2}\n{\"image\":\"b.jpg\",\"label\":3}\n"u8];
    }
}
