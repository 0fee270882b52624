using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>
/// How a constant of a converted network comes from the weights of Keras's layers. It is written beside the constant, because folding a
/// normalization into a convolution loses the layers' names, by which other weights are found later.
/// </summary>
/// <param name="Array">The array that the constant holds: its layer, name and shape; null for ones in a factor and for zeros in an offset.</param>
/// <param name="Order">The axes of the array in the order of the constant; null for Keras's own order.</param>
/// <param name="IsOffset">Whether the normalization adds its offset, as it does to a bias.</param>
/// <param name="Normalization">The normalization that is multiplied in; null for none.</param>
internal sealed record KerasOrigin(KerasArrayName? Array, int[]? Order, bool IsOffset, KerasNormalization? Normalization)
{
    private const string Mark = "keras ";

    /// <summary>The arrays that the constant needs.</summary>
    [JsonIgnore]
    public IEnumerable<KerasArrayName> Needs => [.. Array is null ? [] : (KerasArrayName[])[Array], .. Normalization?.Needs ?? []];

    public override string ToString() => Mark + JsonSerializer.Serialize(this, KerasOriginJson.Default.KerasOrigin);

    /// <summary>Reads what <see cref="ToString"/> wrote; null for another text.</summary>
    public static KerasOrigin? TryParse(string text)
    {
        if (!text.StartsWith(Mark, StringComparison.Ordinal)) return null;
        try
        {
            var origin = JsonSerializer.Deserialize(text[Mark.Length..], KerasOriginJson.Default.KerasOrigin);
            return origin is not null && origin.Needs.All(n => n is { Layer: not null, Name: not null, Shape: not null }) && origin.IsConsistent() ? origin : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The values of the constant.</summary>
    /// <param name="find">The values of an array, which has the shape of its name.</param>
    public float[] Values(Func<KerasArrayName, float[]> find)
    {
        var values = Array is null ? null : find(Array);
        if (values is not null && Order is not null) values = AxisOrder.Permute(values, Array!.Shape, Order);
        if (Normalization is null) return values!;
        var (factor, offset) = Normalization.Effect(find);
        if (IsOffset) return [.. offset.Select((o, c) => (float)(o + (factor[c] * (values?[c] ?? 0))))];
        if (values is null) return [.. factor.Select(f => (float)f)];
        var perFilter = values.Length / factor.Length;
        return [.. values.Select((v, i) => (float)(v * factor[i / perFilter]))];
    }

    private bool IsConsistent()
    {
        if (Array is null && Normalization is null) return false;
        if (Order is not null && (Array is null || !Order.Order().SequenceEqual(Enumerable.Range(0, Array.Shape.Length)))) return false;
        return Normalization is null || (Normalization.Count > 0 && (Array is null || Array.Count % Normalization.Count == 0) && (!IsOffset || Array is null || Array.Count == Normalization.Count));
    }
}

/// <summary>An array of a layer.</summary>
internal sealed record KerasArrayName(string Layer, string Name, int[] Shape)
{
    [JsonIgnore]
    public long Count => Shape.Aggregate(1L, (product, side) => product * Math.Max(side, 0));

    public override string ToString() => $"{Layer}/{Name}";
}

/// <summary>A normalization of <paramref name="Count"/> channels by the numbers that a layer learned.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Count">The number of channels.</param>
/// <param name="Epsilon">What is added to the variance; null for the layer Normalization, which bounds the deviation instead.</param>
/// <param name="Scale">Whether there is a gamma.</param>
/// <param name="Center">Whether there is a beta.</param>
internal sealed record KerasNormalization(string Layer, int Count, double? Epsilon, bool Scale, bool Center)
{
    private const double LeastDeviation = 1e-7;

    [JsonIgnore]
    public IEnumerable<KerasArrayName> Needs => Epsilon is null
        ? [Array("mean"), Array("variance")]
        : [.. Scale ? (KerasArrayName[])[Array("gamma")] : [], .. Center ? (KerasArrayName[])[Array("beta")] : [], Array("moving_mean"), Array("moving_variance")];

    /// <summary>The effect on channel c: factor[c] * x + offset[c].</summary>
    public (double[] Factor, double[] Offset) Effect(Func<KerasArrayName, float[]> find)
    {
        if (Epsilon is not { } epsilon)
        {
            double[] inverse = [.. find(Array("variance")).Select(v => 1 / Math.Max(Math.Sqrt(v), LeastDeviation))];
            var means = find(Array("mean"));
            return (inverse, [.. inverse.Select((f, c) => -f * means[c])]);
        }

        var (mean, variance) = (find(Array("moving_mean")), find(Array("moving_variance")));
        var gamma = Scale ? find(Array("gamma")) : null;
        var beta = Center ? find(Array("beta")) : null;
        double[] factor = [.. variance.Select((v, c) => (gamma?[c] ?? 1) / Math.Sqrt(v + epsilon))];
        return (factor, [.. factor.Select((f, c) => (beta?[c] ?? 0) - (f * mean[c]))]);
    }

    private KerasArrayName Array(string name) => new(Layer, name, [Count]);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KerasOrigin))]
internal sealed partial class KerasOriginJson : JsonSerializerContext;
