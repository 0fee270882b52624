using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OnnxTransfer.Conversion.Hdf5;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>Keras's own files: <c>.h5</c> of Keras 2 and 3, and <c>.keras</c>, a zip archive with the architecture and an HDF5 file.</summary>
internal static partial class KerasArchive
{
    private const string ConfigFile = "config.json";
    private const string WeightsFile = "model.weights.h5";
    private const int PieceLength = 1 << 16;

    /// <summary>How many bytes an entry may unpack to, beside 16 times those of the archive: Keras stores its entries without packing them.</summary>
    private const long LeastLimit = 4L << 20;

    /// <summary>A model and its weights from a <c>.keras</c> or <c>.h5</c> file; the caller disposes the model.</summary>
    public static (KerasModel Model, KerasWeights Weights) Read(ReadOnlyMemory<byte> bytes, string source) =>
        bytes.Span.StartsWith("PK\u0003\u0004"u8) ? ReadArchive(bytes, source) : ReadHdf5(Hdf5File.Open(bytes, source), source);

    /// <summary>The arrays of an <c>.h5</c> file of weights, by layer, each in the order in which Keras saved them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<NamedArray>> ReadLayers(Hdf5File file)
    {
        var root = file.Root.Child("model_weights") ?? file.Root;
        if (Names(root, "layer_names") is not { } layers)
        {
            Throw.KerasNoLayers(file.Source);
            return null;
        }

        var found = new Dictionary<string, IReadOnlyList<NamedArray>>(StringComparer.Ordinal);
        foreach (var layer in layers)
        {
            if (root.Find(layer) is not { } group) { Throw.KerasMalformed(file.Source, $"it lists the layer '{layer}', which it does not have"); continue; }
            var arrays = new List<NamedArray>();
            foreach (var weight in Names(group, "weight_names") ?? [])
            {
                if (group.Find(weight) is not { IsArray: true } array) { Throw.KerasMalformed(file.Source, $"it lists the weights '{weight}' of layer '{layer}', which it does not have"); continue; }
                var name = weight.EndsWith(":0", StringComparison.Ordinal) ? weight[..^2] : weight;
                arrays.Add(new NamedArray(name, () => array.ReadFloats() is var (shape, values) ? new KerasArray(shape, values) : null!));
            }

            if (!found.TryAdd(layer, arrays)) Throw.KerasMalformed(file.Source, $"it lists the layer '{layer}' twice");
        }

        return found;
    }

    /// <summary>A list of names; a long one is cut into attributes with numbers behind the name.</summary>
    private static List<string>? Names(Hdf5Object group, string attribute)
    {
        if (group.Texts(attribute) is { } whole) return [.. whole];
        var names = new List<string>();
        for (var i = 0; group.Texts($"{attribute}{i}") is { } part; i++) names.AddRange(part);
        return names.Count == 0 ? null : names;
    }

    private static (KerasModel Model, KerasWeights Weights) ReadHdf5(Hdf5File file, string source)
    {
        if (file.Root.Texts("model_config") is not [var config])
        {
            // Files that Keras did not write have no list of layers either, and are told so.
            ReadLayers(file);
            Throw.KerasOnlyWeights(source);
            return default;
        }

        var model = KerasModel.Parse(Encoding.UTF8.GetBytes(config), source, file.Root.Texts("keras_version")?.FirstOrDefault());
        try
        {
            var weights = new KerasWeights();
            var kinds = model.Network.Layers.DistinctBy(l => l.Name).ToDictionary(l => l.Name, StringComparer.Ordinal);
            foreach (var (layer, arrays) in ReadLayers(file))
                AddArrays(weights, source, layer, arrays, kinds.GetValueOrDefault(layer) is { IsModel: false } known ? KerasLayerWeights.Names(known) : null);
            return (model, weights);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Adds the arrays of a layer under its name.</summary>
    /// <param name="weights">Where to add them.</param>
    /// <param name="source">The file.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="arrays">Its arrays, in the order in which Keras saved them.</param>
    /// <param name="own">The names of the layer's arrays in that order; null if they are not known, as for a model inside the model.</param>
    public static void AddArrays(KerasWeights weights, string source, string layer, IReadOnlyList<NamedArray> arrays, IReadOnlyList<string>? own)
    {
        // The names in a file are the layer's own, or those of the scopes and backends of their time; then the order counts.
        var byName = own is null || arrays.All(a => KerasLayerWeights.IsName(Last(a.Name)));
        for (var i = 0; i < arrays.Count; i++)
        {
            if (byName) weights.Add(source, own is null ? arrays[i].Name : $"{layer}/{Last(arrays[i].Name)}", arrays[i].Read);
            else if (i < own!.Count) weights.Add(source, $"{layer}/{own[i]}", arrays[i].Read);
        }
    }

    private static string Last(string name) => name[(name.LastIndexOf('/') + 1)..];

    private static (KerasModel Model, KerasWeights Weights) ReadArchive(ReadOnlyMemory<byte> bytes, string source)
    {
        byte[] config, weights;
        string? version = null;
        try
        {
            using var zip = new ZipArchive(new MemoryStream(bytes.ToArray()), ZipArchiveMode.Read);
            (config, weights) = (Content(zip, ConfigFile, source, bytes.Length), Content(zip, WeightsFile, source, bytes.Length));
            if (zip.GetEntry("metadata.json") is not null)
            {
                using var metadata = JsonDocument.Parse(Content(zip, "metadata.json", source, bytes.Length));
                if (metadata.RootElement.ValueKind == JsonValueKind.Object && metadata.RootElement.TryGetProperty("keras_version", out var stated)) version = stated.ToString();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or NotSupportedException or IOException or OverflowException or IndexOutOfRangeException || (e is InvalidDataException && !e.Message.Contains(source, StringComparison.Ordinal)))
        {
            throw Throw.KerasArchiveDamaged(source, e);
        }

        var model = KerasModel.Parse(config, source, version);
        try
        {
            var found = new KerasWeights();
            var root = Hdf5File.Open(weights, source).Root;
            AddLayers(source, root, model.Network, found, 0);
            return (model, found);
        }
        catch (Exception e)
        {
            model.Dispose();
            if (e is KeyNotFoundException or InvalidOperationException or FormatException) throw Throw.KerasDamaged(source, e);
            throw;
        }
    }

    /// <summary>Unpacks an entry piece by piece, because nobody need believe the length that it states.</summary>
    private static byte[] Content(ZipArchive zip, string name, string source, int archive)
    {
        ZipArchiveEntry[] entries = [.. zip.Entries.Where(one => one.FullName == name)];
        if (entries is not [var entry])
        {
            if (entries.Length > 1) Throw.KerasMalformed(source, $"it has '{name}' {entries.Length} times");
            Throw.KerasArchiveIncomplete(source, name);
            return [];
        }

        var most = Math.Min(Array.MaxLength, LeastLimit + (16L * archive));
        using var stream = entry.Open();
        // A stored entry, as Keras writes it, is read without copies.
        using var content = new MemoryStream((int)Math.Min(entry.Length, archive));
        var piece = new byte[PieceLength];
        for (int read; (read = stream.Read(piece)) > 0;)
        {
            if (content.Length + read > most) Throw.KerasEntryTooLarge(source, name, most);
            content.Write(piece, 0, read);
        }

        return content.Length == content.Capacity ? content.GetBuffer() : content.ToArray();
    }

    /// <summary>
    /// Keras 3 keeps the variables of a layer by their numbers, below the class of the layer in snake case and its number among the layers
    /// of its class; newer versions also state the layer's name there.
    /// </summary>
    private static void AddLayers(string source, Hdf5Object group, KerasNetwork network, KerasWeights weights, int depth)
    {
        if (depth > 16) Throw.KerasMalformed(source, "its models are nested more than 16 deep");
        if ((group.Child("layers") ?? group.Child("_layer_checkpoint_dependencies")) is not { } layers) return;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var layer in network.Layers)
        {
            var kind = SnakeCase(layer.Kind);
            var number = counts.GetValueOrDefault(kind);
            counts[kind] = number + 1;
            var place = layers.Child(number == 0 ? kind : $"{kind}_{number}");
            if (place?.Child("vars")?.Texts("name") is [var stated] && stated != layer.Name)
                place = layers.Children.Select(name => layers.Child(name)!).FirstOrDefault(child => child.Child("vars")?.Texts("name") is [var other] && other == layer.Name);
            if (place is null) continue;
            if (layer.IsModel)
            {
                AddLayers(source, place, KerasModel.NetworkOf(layer), weights, depth + 1);
                continue;
            }

            if (KerasLayerWeights.Names(layer) is not { } names || place.Child("vars") is not { } variables) continue;
            for (var i = 0; i < names.Count; i++)
                if (variables.Child($"{i}") is { IsArray: true } array) weights.Add(source, $"{layer.Name}/{names[i]}", () => array.ReadFloats() is var (shape, values) ? new KerasArray(shape, values) : null!);
        }
    }

    private static string SnakeCase(string name) => LowerUpper().Replace(WordStart().Replace(name, "$1_$2"), "$1_$2").ToLowerInvariant();

    [GeneratedRegex("(.)([A-Z][a-z]+)")]
    private static partial Regex WordStart();

    [GeneratedRegex("([a-z])([A-Z])")]
    private static partial Regex LowerUpper();
}

/// <summary>An array of a layer in a file of weights.</summary>
internal sealed record NamedArray(string Name, Func<KerasArray> Read);
