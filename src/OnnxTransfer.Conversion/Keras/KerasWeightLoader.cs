using OnnxTransfer.Conversion.Hdf5;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using Core = OnnxTransfer.Throw;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>Puts the weights of a Keras file into a converted network, by the names of Keras's layers, as <c>load_weights(by_name=True)</c> does.</summary>
internal static class KerasWeightLoader
{
    /// <param name="model">A network that the converter wrote; changed in place.</param>
    /// <param name="path">A <c>.h5</c> or <c>.keras</c> file.</param>
    /// <param name="strict">Whether every array that the network needs must be in the file with its shape; otherwise the graph is left alone.</param>
    /// <returns>The arrays of Keras's layers, as <c>layer/array</c>.</returns>
    public static WeightReport Replace(OnnxModel model, string path, bool strict)
    {
        var targets = model.Graph.Initializer.Select(t => (Tensor: t, Origin: KerasOrigin.TryParse(t.DocString))).Where(t => t.Origin is not null).Select(t => (t.Tensor, Origin: t.Origin!)).ToList();
        if (targets.Count == 0) Throw.NoKerasNames(model.Source, path);
        var needed = targets.SelectMany(t => t.Origin.Needs).DistinctBy(n => n.ToString()).ToDictionary(n => n.ToString(), StringComparer.Ordinal);
        var file = Open(path, needed.Values);

        var arrays = new Dictionary<string, float[]>(StringComparer.Ordinal);
        List<string> missing = [], wrong = [];
        foreach (var (name, array) in needed)
        {
            if (file.Find(array.Layer, array.Name) is not { } found) missing.Add(name);
            else if (!found.Shape.SequenceEqual(array.Shape)) wrong.Add($"{name} [{string.Join(",", array.Shape)}] but [{string.Join(",", found.Shape)}] in the file");
            else arrays.Add(name, found.Values);
        }

        // What is folded together, a kernel and a bias into which one normalization went, is replaced together.
        var whole = targets.GroupBy(t => t.Origin.Normalization?.Layer ?? $"{t.Origin.Array}")
            .Where(g => g.SelectMany(t => t.Origin.Needs).All(n => arrays.ContainsKey(n.ToString()))).SelectMany(g => g).ToList();
        var used = whole.SelectMany(t => t.Origin.Needs).Select(n => n.ToString()).ToHashSet(StringComparer.Ordinal);
        List<string> unused = [.. file.Names.Where(n => !needed.ContainsKey(n) && !needed.Keys.Any(k => n.EndsWith("/" + k, StringComparison.Ordinal))).Order(StringComparer.Ordinal),
            .. arrays.Keys.Where(k => !used.Contains(k)).Select(k => $"{k}, which is folded together with an array that is missing or of another shape")];
        var report = new WeightReport([.. needed.Keys.Where(used.Contains)], missing, wrong, unused);
        if (whole.Count == 0 || (strict && missing.Count + wrong.Count > 0)) Core.WeightsDoNotMatch(path, model.Source, report.Matched.Count, missing, wrong, unused);

        // All are computed before the first is replaced, so that an error leaves the graph as it was.
        var contents = whole.ConvertAll(t => t.Origin.Values(n => arrays[n.ToString()]));
        for (var i = 0; i < whole.Count; i++)
        {
            if (contents[i].Length != OnnxTensorData.CountElements(whole[i].Tensor.Name, whole[i].Tensor.Dims)) Throw.KerasNamesWrong(model.Source, whole[i].Tensor.Name);
        }

        for (var i = 0; i < whole.Count; i++) OnnxWeights.Put(whole[i].Tensor, contents[i]);
        return report;
    }

    private static KerasWeights Open(string path, IReadOnlyCollection<KerasArrayName> needed)
    {
        var bytes = InputFile.ReadAllBytes(path);
        if (!Hdf5File.HasSignature(bytes))
        {
            if (!bytes.AsSpan().StartsWith("PK\u0003\u0004"u8)) Throw.NotKeras(path, ForeignModel.Describe(bytes, path) ?? "a file of another kind");
            var (model, weights) = KerasArchive.Read(bytes, path);
            model.Dispose();
            return weights;
        }

        var layers = KerasArchive.ReadLayers(Hdf5File.Open(bytes, path));
        var found = new KerasWeights();
        var wanted = needed.GroupBy(n => n.Layer).ToDictionary(g => g.Key, g => g.Select(n => n.Name).OrderBy(KerasLayerWeights.PlaceOf).ToList(), StringComparer.Ordinal);
        var renamed = KerasLayerNumbers.Match(layers.Where(l => l.Value.Count > 0).Select(l => l.Key), wanted.Keys);
        foreach (var (layer, arrays) in layers)
        {
            var name = renamed.GetValueOrDefault(layer, layer);
            KerasArchive.AddArrays(found, path, name, arrays, wanted.GetValueOrDefault(name));
        }

        return found;
    }
}
