using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Training;

/// <summary>
/// A head in an ONNX file: alone, a graph from <c>features</c> <c>[N,D]</c> to <c>probabilities</c> <c>[N,C]</c>, or behind a network, with
/// the labels and what the training was in the metadata.
/// </summary>
internal static partial class HeadFile
{
    internal const string Probabilities = "probabilities";
    internal const string Logits = "logits";
    internal const string LabelsKey = "onnxtransfer.labels";
    private const string TrainingKey = "onnxtransfer.training";
    private const string CalibrationKey = "onnxtransfer.calibration";
    private const string UnknownKey = "onnxtransfer.unknown-below";
    private const string Features = "features";
    private const int RowsCompared = 4;

    /// <summary>
    /// Writes the head alone, reads it back and gives the file its name only if it gives the same probabilities as the head in memory,
    /// to the bit.
    /// </summary>
    internal static void Write(string path, ClassifierHead head, IReadOnlyList<string> labels, string? training, CancellationToken cancellationToken)
    {
        var builder = new OnnxGraphBuilder("head");
        builder.Input(Features, OnnxElementType.Float32, OnnxDim.Named("N"), head.Dim);
        var model = builder.Build(path);
        OnnxGraphEditor.AppendHead(model, Features, ToOnnx(head), Logits, Probabilities);
        OnnxGraphEditor.Cut(model, [Probabilities]);
        Describe(model, labels, training);
        AtomicFile.Write(path, model.ToBytes(), written => RequireSame(path, HeadOf(OnnxModel.Load(written), path), head, MadeUpRows(head.Dim)), cancellationToken);
    }

    internal static LabeledHead Read(string path)
    {
        try
        {
            var model = OnnxModel.Load(path);
            var labels = LabelsOf(model) ?? throw Throw.NotAHeadFile(path);
            var head = HeadOf(model, path);
            if (labels.Count != head.ClassCount) throw Throw.ClassifierDamaged(path, $"it has {labels.Count} labels for {head.ClassCount} classes.");
            return new LabeledHead(head, labels);
        }
        catch (FileNotFoundException)
        {
            throw Throw.ClassifierNotFound(path);
        }
        catch (IOException exception)
        {
            throw Throw.ModelUnreadable(exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or ArgumentException)
        {
            throw Throw.ClassifierDamaged(path, exception.Message, exception);
        }
    }

    /// <exception cref="ModelException">A weight is NaN or infinite.</exception>
    internal static OnnxHead ToOnnx(ClassifierHead head)
    {
        if (!head.Layers.All(layer => IsFinite(layer.Weights, layer.Bias))) throw Throw.HeadNotFinite();
        return new OnnxHead([.. head.Layers.Select(layer => new OnnxDense(layer.Weights, layer.Bias, layer.Activation.ToString()))]);
    }

    internal static ClassifierHead HeadOf(OnnxModel model, string path)
    {
        var head = OnnxHead.Find(model, Logits, Probabilities) ?? throw Throw.ClassifierDamaged(path, "its head is missing.");
        return ClassifierHead.FromLayers([.. head.Layers.Select(ToLayer)]);
    }

    internal static void Describe(OnnxModel model, IReadOnlyList<string> labels, string? training)
    {
        model.SetMetadata(LabelsKey, JsonSerializer.Serialize([.. labels], Json.Default.StringArray));
        model.SetMetadata(TrainingKey, training);
    }

    /// <summary>Adds what a classifier knows about its own certainty; a file of a classifier that knows nothing stays as it was.</summary>
    internal static void Describe(OnnxModel model, Certainty certainty)
    {
        if (certainty.Calibration is { } calibration) model.SetMetadata(CalibrationKey, calibration.ToJson());
        if (certainty.UnknownBelow > 0) model.SetMetadata(UnknownKey, certainty.UnknownBelow.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What a classifier knows about its own certainty.</summary>
    /// <exception cref="JsonException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">A number is out of its range.</exception>
    internal static Certainty CertaintyOf(OnnxModel model)
    {
        var below = 0.0;
        if (model.Metadata.TryGetValue(UnknownKey, out var text) && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out below) && below is >= 0 and <= 1))
            throw new InvalidDataException($"the probability below which it answers unknown is '{text}'.");
        return new Certainty(model.Metadata.TryGetValue(CalibrationKey, out var json) ? ClassifierCalibration.FromJson(json) : null, below);
    }

    /// <summary>The labels in the metadata, none empty and no two the same; null when there are none.</summary>
    /// <exception cref="JsonException">They cannot be read.</exception>
    /// <exception cref="ArgumentException">A label is empty, or two are the same.</exception>
    internal static IReadOnlyList<string>? LabelsOf(OnnxModel model)
    {
        if (!model.Metadata.TryGetValue(LabelsKey, out var json)) return null;
        var labels = JsonSerializer.Deserialize(json, Json.Default.StringArray) ?? [];
        return Require.Labels(labels, labels.Length);
    }

    /// <summary>The record of the training from the metadata; null if there is none.</summary>
    internal static string? TrainingOf(OnnxModel model) => model.Metadata.GetValueOrDefault(TrainingKey);

    internal static void RequireSame(string path, ClassifierHead read, ClassifierHead head, IEnumerable<float[]> rows)
    {
        foreach (var row in rows)
        {
            if (!read.Probabilities(row).AsSpan().SequenceEqual(head.Probabilities(row))) throw Throw.SavedClassifierDiffers(path, "its head gives other probabilities for the same features");
        }
    }

    /// <summary>Feature vectors in [0, 1), of which each number is another.</summary>
    private static IEnumerable<float[]> MadeUpRows(int dim)
    {
        var random = new SplitMix64(1);
        for (var n = 0; n < RowsCompared; n++)
        {
            var row = new float[dim];
            for (var i = 0; i < dim; i++) row[i] = (random.Next() >> 40) / (float)(1 << 24);
            yield return row;
        }
    }

    private static DenseLayer ToLayer(OnnxDense layer)
    {
        if (!Enum.TryParse<Activation>(layer.Activation, out var activation)) throw new InvalidDataException($"its head has the activation {layer.Activation}.");
        if (layer.Inputs * (long)layer.Bias.Length != layer.Weights.Length || layer.Inputs == 0)
            throw new InvalidDataException($"a layer of its head has {layer.Weights.Length} weights for {layer.Bias.Length} outputs.");
        if (!IsFinite(layer.Weights, layer.Bias)) throw new InvalidDataException("its head has a weight that is NaN or infinite.");
        return new DenseLayer(layer.Inputs, layer.Bias.Length, layer.Weights, layer.Bias, activation);
    }

    /// <summary>Whether all weights of a layer are numbers: behind a ReLU a NaN is a 0, so that no probability would show it.</summary>
    private static bool IsFinite(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias) => weights.IndexOfNonFinite() < 0 && bias.IndexOfNonFinite() < 0;

    [JsonSerializable(typeof(string[]))]
    private sealed partial class Json : JsonSerializerContext;
}
