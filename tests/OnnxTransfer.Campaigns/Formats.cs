using System.Globalization;
using System.IO.Compression;
using System.Text;
using OnnxTransfer.Fuzz;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Backbones.Folders;

namespace OnnxTransfer.Campaigns;

/// <summary>Every format that the tool opens, and the commands that open it.</summary>
internal sealed class Formats
{
    private const int FewPerClass = 8;

    private readonly Ground _ground;
    private readonly string _folder;
    private readonly string _photos;

    /// <param name="ground">The files of all campaigns.</param>
    /// <param name="folder">The folder of the sound files that are made for this one.</param>
    internal Formats(Ground ground, string folder)
    {
        (_ground, _folder) = (ground, folder);
        Directory.CreateDirectory(folder);
        _photos = Path.Combine(folder, "photos");
        if (Directory.Exists(_photos)) return;
        foreach (var kind in Directory.EnumerateDirectories(ground.Photos))
        {
            var to = Directory.CreateDirectory(Path.Combine(_photos, Path.GetFileName(kind))).FullName;
            foreach (var photo in Directory.EnumerateFiles(kind).Order(StringComparer.Ordinal).Take(FewPerClass)) File.Copy(photo, Path.Combine(to, Path.GetFileName(photo)));
        }
    }

    internal IReadOnlyList<Format> All() =>
    [
        Onnx(), External(), TfLite(), .. RealTfLite(), KerasJson(), .. Hdf5(), Safetensors(), Npz(), Card(), Configuration(), ClassNames(), Classifier(), FeatureSet(), Cache(), Images(), Table(), PathList(),
    ];

    private Format Onnx() => new(
        "ONNX", [.. ModelSamples.Onnx().Select(bytes => Specimen.Of("model.onnx", bytes, ("weights.bin", new byte[64])))],
        [
            new Reading("models info", site => ["models", "info", site.Damaged]) { HasJson = true },
            new Reading("models layers", site => ["models", "layers", site.Damaged, "--size", "16"]) { HasJson = true },
            new Reading("models cut", site => ["models", "cut", site.Damaged, "--at", "activated", "--out", At(site, "cut.onnx")]) { HasJson = true },
            new Reading("models weights", site => ["models", "weights", site.Damaged, "--from", _ground.Network, "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true },
            new Reading("models weights --from", site => ["models", "weights", _ground.Network, "--from", site.Damaged, "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true },
            new Reading("models card", site => ["models", "card", site.Damaged, "--preprocess", "torch"]) { HasJson = true, WritesBeside = true },
            new Reading("models draw --filters", site => ["models", "draw", site.Damaged, "--filters", "--preprocess", "torch", "--out", At(site, "filters.png")]),
            new Reading("models draw --layer", site => ["models", "draw", site.Damaged, "--layer", "activated", "--image", _ground.Photo, "--preprocess", "torch", "--out", At(site, "maps.png")]),
            .. Backbone(site => ["--backbone", site.Damaged, "--preprocess", "torch"]),
            new Reading("compare", site => ["compare", _photos, "--backbones", $"{site.Damaged},{_ground.Network}", "--preprocess", "torch", "--cache", "none"]) { HasJson = true },
            new Reading("doctor --backbone", site => ["doctor", "--backbone", site.Damaged, "--preprocess", "torch"]) { HasJson = true },
        ]);

    /// <summary>The commands that take a backbone.</summary>
    private IEnumerable<Reading> Backbone(Func<Site, string[]> backbone) =>
    [
        new Reading("embed", site => ["embed", _photos, .. backbone(site), "--cache", "none", "--out", At(site, "rows.npy")]) { HasJson = true },
        new Reading("train", site => ["train", _photos, .. backbone(site), "--cache", "none", "--epochs", "2", "--out", At(site, "classifier.onnx")]) { HasJson = true },
        new Reading("check", site => ["check", _photos, .. backbone(site), "--cache", "none", "--csv", At(site, "findings.csv")]) { HasJson = true },
        new Reading("similar", site => ["similar", _ground.Photo, _photos, .. backbone(site), "--cache", "none", "--csv", At(site, "similar.csv")]) { HasJson = true },
    ];

    /// <summary>A network whose weights are in another file.</summary>
    private Format External()
    {
        var model = ModelSamples.Tiny(TensorLayout.Nchw);
        var weights = new List<byte>();
        foreach (var tensor in model.Graph.Initializer)
        {
            var values = tensor.RawData.ToByteArray();
            foreach (var (key, value) in ((string, int)[])[("offset", weights.Count), ("length", values.Length)])
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value.ToString(CultureInfo.InvariantCulture) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ClearRawData();
            weights.AddRange(values);
        }

        var files = new Dictionary<string, byte[]> { ["model.onnx"] = model.ToBytes(), ["weights.bin"] = [.. weights] };
        return new(
            "ONNX with external weights", [new Specimen(files, [.. files.Keys])],
            [
                new Reading("models info", site => ["models", "info", At(site.In, "model.onnx")]) { HasJson = true },
                new Reading("models cut", site => ["models", "cut", At(site.In, "model.onnx"), "--at", "activated", "--out", At(site, "cut.onnx")]) { HasJson = true },
                new Reading("models weights", site => ["models", "weights", At(site.In, "model.onnx"), "--from", _ground.Network, "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true },
                new Reading("models weights --from", site => ["models", "weights", _ground.Network, "--from", At(site.In, "model.onnx"), "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true },
                new Reading("embed", site => ["embed", _photos, "--backbone", At(site.In, "model.onnx"), "--preprocess", "torch", "--cache", "none", "--out", At(site, "rows.npy")]) { HasJson = true },
            ]);
    }

    private static Format TfLite() => new(
        "TFLite", [.. ModelSamples.TfLite().Reverse().Select(bytes => Specimen.Of("model.tflite", bytes))],
        [
            new Reading("models convert", site => ["models", "convert", site.Damaged, "--out", At(site, "converted.onnx")]),
            new Reading("models convert --keep-quantized", site => ["models", "convert", site.Damaged, "--keep-quantized", "--float-share", "0", "--out", At(site, "converted.onnx")]),
        ]);

    /// <summary>A network with a card, where the folder beside the checkout has one.</summary>
    private IEnumerable<Format> RealTfLite()
    {
        if (_ground.Tflite is not { } network) yield break;
        yield return new(
            "TFLite, MobileNetV2", [Specimen.Of("model.tflite", File.ReadAllBytes(network))],
            [
                new Reading("models convert --preprocess", site => ["models", "convert", site.Damaged, "--preprocess", "tf", "--out", At(site, "converted.onnx")]),
            ]);
    }

    private static Format KerasJson() => new(
        "Keras JSON and its weights",
        [
            .. ((string[])["small.model.json", "families.model.json"]).Select(name =>
            {
                var text = ModelSamples.KerasText(name);
                using var document = System.Text.Json.JsonDocument.Parse(text);
                var shard = document.RootElement.GetProperty("weightsManifest")[0].GetProperty("paths")[0].GetString()!;
                return new Specimen(new Dictionary<string, byte[]> { ["model.json"] = Encoding.UTF8.GetBytes(text), [shard] = ModelSamples.KerasShard(text) }, ["model.json", "model.json", shard]);
            }),
        ],
        [
            new Reading("models convert", site => ["models", "convert", At(site.In, "model.json"), "--out", At(site, "converted.onnx")]),
        ]);

    private IEnumerable<Format> Hdf5()
    {
        foreach (var extension in (string[])[".h5", ".keras"])
        {
            // Written by Python, and so made once.
            var made = Path.Combine(_folder, "keras" + extension);
            if (!Directory.Exists(made))
            {
                Directory.CreateDirectory(made);
                foreach (var (bytes, i) in ModelSamples.Keras(extension).Select((bytes, i) => (bytes, i))) File.WriteAllBytes(Path.Combine(made, $"{i}{extension}"), bytes);
            }

            // The script's archive of the nested network does not convert, and so is not the first.
            var paths = Directory.GetFiles(made).OrderDescending(StringComparer.Ordinal).OrderBy(path => extension == ".h5" && Path.GetFileName(path)[0] != '0').ToList();
            var files = paths.Select(File.ReadAllBytes).ToList();
            var network = Path.Combine(_folder, $"from{extension}.onnx");
            if (!File.Exists(network)) _ground.Tool.Demand("models", "convert", paths[0], "--out", network);
            yield return new(
                extension == ".h5" ? "HDF5" : "Keras archive", [.. files.Select(bytes => Specimen.Of("model" + extension, bytes))],
                [
                    new Reading("models convert", site => ["models", "convert", site.Damaged, "--out", At(site, "converted.onnx")]),
                    new Reading("models weights --from", site => ["models", "weights", network, "--from", site.Damaged, "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true },
                ]);
        }
    }

    /// <summary>The weights of the network that they are for, and arrays of other types.</summary>
    private Format Safetensors()
    {
        var (weights, all) = (TinyBackbone.Dim * 12, TinyBackbone.Dim * 16);
        var header = Encoding.UTF8.GetBytes($$$"""{"weights":{"dtype":"F32","shape":[{{{TinyBackbone.Dim}}},3,1,1],"data_offsets":[0,{{{weights}}}]},"bias":{"dtype":"F32","shape":[{{{TinyBackbone.Dim}}}],"data_offsets":[{{{weights}}},{{{all}}}]}}""");
        byte[] fitting = [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[all]];
        return new Format("safetensors", [Specimen.Of("weights.safetensors", fitting), Specimen.Of("weights.safetensors", ModelSamples.Safetensors())], [WeightsFrom()]);
    }

    private Format Npz()
    {
        Specimen Of(CompressionLevel level) => Specimen.Of("weights.npz", ModelSamples.Zip(
            level, ("weights.npy", ModelSamples.Npy("<f4", $"({TinyBackbone.Dim}, 3, 1, 1)", TinyBackbone.Dim * 12)), ("bias.npy", ModelSamples.Npy("<f4", $"({TinyBackbone.Dim},)", TinyBackbone.Dim * 4))));
        return new("npz", [Of(CompressionLevel.NoCompression), Of(CompressionLevel.Fastest)], [WeightsFrom()]);
    }

    private Reading WeightsFrom() => new("models weights --from", site => ["models", "weights", _ground.Network, "--from", site.Damaged, "--allow-missing", "--out", At(site, "weights.onnx")]) { HasJson = true };

    private Format Card()
    {
        var network = File.ReadAllBytes(_ground.Network);
        var full = Encoding.UTF8.GetBytes("""{"id":"tiny","license":"MIT","input":{"tensor":"image","layout":"NCHW","height":16,"width":16},"features":{"tensor":"features","dim":12},"classes":{"tensor":"features","kind":"logits","count":12,"labels":"names.txt"},"preprocess":{"resize":{"mode":"shortest-edge","size":18,"filter":"pillow-bilinear"},"crop":{"width":16,"height":16},"channels":"BGR","rescale":0.00392156862745098,"mean":[0.5,0.4,0.3],"std":[0.2,0.2,0.2]}}""");
        Specimen Of(byte[] card) => Specimen.Of("model.model.json", card, ("model.onnx", network), ("names.txt", Names()));
        string Model(Site site) => At(site.In, "model.onnx");
        return new(
            "card", [Of(full), Of(Encoding.UTF8.GetBytes(TinyBackbone.Card().ToJson())), Of([.. """{"preprocess":{"preset":"torch"},"features":{"pooling":"average"}}"""u8])],
            [
                new Reading("models info", site => ["models", "info", Model(site)]) { HasJson = true },
                new Reading("models layers", site => ["models", "layers", Model(site)]) { HasJson = true },
                new Reading("models cut", site => ["models", "cut", Model(site), "--at", "activated", "--out", At(site, "cut.onnx")]) { HasJson = true },
                .. Backbone(site => ["--backbone", Model(site)]),
                new Reading("classify", site => ["classify", _photos, "--backbone", Model(site), "--cache", "none", "--csv", At(site, "rows.csv")]),
            ]);
    }

    /// <summary>What Hugging Face and timm put beside a network.</summary>
    private Format Configuration()
    {
        var path = Path.Combine(_folder, "exported.onnx");
        if (!File.Exists(path)) FolderNetwork.Write(path);
        var network = File.ReadAllBytes(path);
        Specimen Of(params (string Name, string Text)[] files) =>
            new(files.ToDictionary(one => one.Name, one => Encoding.UTF8.GetBytes(one.Text)).Append(new("model.onnx", network)).ToDictionary(), [.. files.Select(one => one.Name)]);
        return new(
            "config.json of Hugging Face and timm",
            [
                Of(("config.json", FolderNetwork.Config), ("preprocessor_config.json", FolderNetwork.Processor(16))),
                Of(("config.json", """{"architecture":"resnet18","num_classes":3,"label_names":["a","b","c"],"pretrained_cfg":{"input_size":[3,16,16],"interpolation":"bicubic","crop_pct":0.9,"crop_mode":"center","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"num_classes":3}}""")),
            ],
            [
                new Reading("models info", site => ["models", "info", site.In]) { HasJson = true },
                new Reading("models card", site => ["models", "card", site.In]) { HasJson = true, WritesBeside = true },
                new Reading("embed", site => ["embed", _photos, "--backbone", site.In, "--cache", "none", "--out", At(site, "rows.npy")]) { HasJson = true },
                new Reading("classify", site => ["classify", _photos, "--backbone", site.In, "--cache", "none", "--csv", At(site, "rows.csv")]),
            ]);
    }

    private Format ClassNames()
    {
        var card = Encoding.UTF8.GetBytes("""{"classes":{"tensor":"features","kind":"logits","count":12,"labels":"names.txt"},"preprocess":{"preset":"torch"}}""");
        return new(
            "class names", [Specimen.Of("names.txt", Names(), ("model.onnx", File.ReadAllBytes(_ground.Network)), ("model.model.json", card))],
            [
                new Reading("classify", site => ["classify", _photos, "--backbone", At(site.In, "model.onnx"), "--cache", "none", "--csv", At(site, "rows.csv")]),
                new Reading("models card --labels", site => ["models", "card", At(site.In, "model.onnx"), "--preprocess", "torch", "--labels", site.Damaged]) { HasJson = true, WritesBeside = true },
            ]);
    }

    private static byte[] Names() => Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, TinyBackbone.Dim).Select(i => $"class {i}")));

    private Format Classifier()
    {
        var kept = Path.Combine(_folder, "kept.onnx");
        if (!File.Exists(kept)) _ground.Tool.Demand("train", _photos, "--backbone", _ground.Network, "--cache", "none", "--epochs", "2", "--calibrate", "--keep-features", "--out", kept);
        return new(
            "classifier", [Specimen.Of("classifier.onnx", File.ReadAllBytes(kept)), Specimen.Of("classifier.onnx", File.ReadAllBytes(_ground.Classifiers[0]))],
            [
                new Reading("predict", site => ["predict", site.Damaged, _photos, "--cache", "none", "--csv", At(site, "rows.csv")]),
                new Reading("predict --html", site => ["predict", site.Damaged, _photos, "--cache", "none", "--html", At(site, "rows.html")]) { HasJson = true },
                new Reading("evaluate", site => ["evaluate", site.Damaged, _photos, "--cache", "none", "--csv", At(site, "rows.csv"), "--report", At(site, "report.html")]) { HasJson = true },
                new Reading("evaluate --against", site => ["evaluate", _ground.Classifiers[1], _photos, "--against", site.Damaged, "--cache", "none", "--csv", At(site, "rows.csv")]) { HasJson = true },
                new Reading("explain", site => ["explain", site.Damaged, _ground.Photo, "--out", At(site, "explained.png")]),
                new Reading("train --extend", site => ["train", _ground.Photos, "--extend", site.Damaged, "--cache", "none", "--epochs", "2", "--out", At(site, "grown.onnx")]) { HasJson = true },
                new Reading("models info", site => ["models", "info", site.Damaged]) { HasJson = true },
                new Reading("models layers", site => ["models", "layers", site.Damaged]) { HasJson = true },
            ]);
    }

    private Format FeatureSet() => new(
        "feature set", [Specimen.OfFolder(_ground.Sets[0])],
        [
            new Reading("features info", site => ["features", "info", site.In]) { HasJson = true },
            new Reading("features verify", site => ["features", "verify", site.In]),
            new Reading("features export", site => ["features", "export", site.In, "--out", At(site, "rows.npz")]),
            new Reading("features merge", site => ["features", "merge", site.In, "--out", At(site, "merged")]) { HasJson = true, KeepsRows = true },
            new Reading("features train", site => ["features", "train", site.In, "--backbone", _ground.Network, "--epochs", "2", "--out", At(site, "classifier.onnx")]) { HasJson = true },
            new Reading("embed --out DIR", site => ["embed", _ground.Photos, "--backbone", _ground.Network, "--cache", "none", "--part-size", "8", "--out", site.In]) { HasJson = true, WritesBeside = true },
        ]);

    private Format Cache()
    {
        var made = Path.Combine(_folder, "cache");
        if (!Directory.Exists(made)) _ground.Tool.Demand("embed", _photos, "--backbone", _ground.Network, "--cache", made, "--out", Path.Combine(_folder, "rows.npy"));
        return new(
            "cache", [Specimen.OfFolder(made)],
            [
                new Reading("cache info", site => ["cache", "info", "--cache", site.In]) { HasJson = true, WritesBeside = true },
                new Reading("cache verify", site => ["cache", "verify", "--cache", site.In]) { HasJson = true, WritesBeside = true, Reports = true },
                new Reading("cache gc", site => ["cache", "gc", "--cache", site.In, "--max-size", "0"]) { HasJson = true, WritesBeside = true },
                new Reading("embed --cache", site => ["embed", _photos, "--backbone", _ground.Network, "--cache", site.In, "--out", At(site, "rows.npy")]) { HasJson = true, WritesBeside = true, IsExact = true },
            ]);
    }

    /// <summary>An image of every kind among photos.</summary>
    private Format Images()
    {
        var photos = Directory.EnumerateFiles(_photos, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(_photos, file), File.ReadAllBytes);
        var samples = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Order(StringComparer.Ordinal).Append(_ground.Photo).Reverse();
        return new(
            "image",
            [
                .. samples.Select(file =>
                {
                    var name = Path.Combine("red", "damaged" + Path.GetExtension(file));
                    return new Specimen(photos.Append(new(name, File.ReadAllBytes(file))).ToDictionary(), [name]);
                }),
            ],
            [
                .. Backbone(_ => ["--backbone", _ground.Network]).Select(reading => reading with { Name = reading.Name, Arguments = site => [.. reading.Arguments(site).Select(argument => argument == _photos ? site.In : argument)] }),
                new Reading("embed one", site => ["embed", site.Damaged, "--backbone", _ground.Network, "--cache", "none", "--out", At(site, "row.csv")]) { HasJson = true },
                new Reading("embed --decoder default", site => ["embed", site.In, "--backbone", _ground.Network, "--decoder", "default", "--cache", "none", "--out", At(site, "rows.parquet")]) { HasJson = true },
                new Reading("similar QUERY", site => ["similar", site.Damaged, _photos, "--backbone", _ground.Network, "--cache", "none", "--csv", At(site, "similar.csv")]) { HasJson = true },
                new Reading("predict", site => ["predict", _ground.Classifiers[0], site.In, "--cache", "none", "--csv", At(site, "rows.csv")]) { KeepsRows = true },
                new Reading("predict one", site => ["predict", _ground.Classifiers[0], site.Damaged, "--html", At(site, "page.html")]) { HasJson = true, KeepsRows = true },
                new Reading("evaluate", site => ["evaluate", _ground.Classifiers[0], site.In, "--cache", "none", "--report", At(site, "report.html")]) { HasJson = true },
                new Reading("explain", site => ["explain", _ground.Classifiers[0], site.Damaged, "--out", At(site, "explained.png")]),
                new Reading("models draw --image", site => ["models", "draw", _ground.Network, "--layer", "activated", "--image", site.Damaged, "--out", At(site, "maps.png")]),
            ]);
    }

    /// <summary>Tables of labeled images.</summary>
    private Format Table()
    {
        var photos = Directory.EnumerateFiles(_photos, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (Name: Path.GetRelativePath(_photos, file), Bytes: File.ReadAllBytes(file))).ToArray();
        string Label(string name) => Path.GetDirectoryName(name)!;
        Specimen Of(string name, IEnumerable<string> lines) => Specimen.Of(name, Encoding.UTF8.GetBytes(string.Join('\n', lines)), photos);
        return new(
            "table of images",
            [
                Of("table.csv", photos.Select((photo, i) => $"{photo.Name},{Label(photo.Name)},{(i % 4 == 0 ? "val" : "train")},1.5").Prepend("image,label,split,weight")),
                Of("table.tsv", photos.Select(photo => $"{photo.Name}\t\"{Label(photo.Name)}\"").Prepend("path\tclass")),
                Of("table.jsonl", photos.Select(photo => $$"""{"image":"{{photo.Name}}","label":"{{Label(photo.Name)}}","weight":2}""")),
            ],
            [
                new Reading("train", site => ["train", site.Damaged, "--backbone", _ground.Network, "--cache", "none", "--epochs", "2", "--out", At(site, "classifier.onnx")]) { HasJson = true },
                new Reading("evaluate", site => ["evaluate", _ground.Classifiers[0], site.Damaged, "--cache", "none", "--csv", At(site, "rows.csv")]) { HasJson = true },
                new Reading("check", site => ["check", site.Damaged, "--backbone", _ground.Network, "--cache", "none", "--csv", At(site, "findings.csv")]) { HasJson = true },
                new Reading("tune", site => ["tune", site.Damaged, "--backbone", _ground.Network, "--cache", "none"]) { HasJson = true },
            ]);
    }

    private Format PathList()
    {
        var lines = Directory.EnumerateFiles(_photos, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        return new(
            "list of paths", [Specimen.Of("list.txt", Encoding.UTF8.GetBytes(string.Join('\n', lines)))],
            [
                new Reading("predict --list", site => ["predict", _ground.Classifiers[0], "--list", site.Damaged, "--cache", "none", "--csv", At(site, "rows.csv")]) { KeepsRows = true },
                new Reading("embed --list", site => ["embed", "--list", site.Damaged, "--backbone", _ground.Network, "--cache", "none", "--out", At(site, "rows.npy")]) { HasJson = true },
                new Reading("similar --list", site => ["similar", _ground.Photo, "--list", site.Damaged, "--backbone", _ground.Network, "--cache", "none", "--csv", At(site, "similar.csv")]) { HasJson = true },
            ]);
    }

    private static string At(Site site, string name) => At(site.Out, name);

    private static string At(string folder, string name) => Path.Combine(folder, name);
}
