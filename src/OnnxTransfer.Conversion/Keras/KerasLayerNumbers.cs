using System.Globalization;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>
/// The names that Keras makes up for layers without one, such as <c>conv2d_7</c>. Keras counts on through a session, so the same network has
/// other numbers in another file, and its layers are the same in their order.
/// </summary>
internal static class KerasLayerNumbers
{
    private static readonly string[] s_kinds = ["batch_normalization", "conv2d", "dense", "depthwise_conv2d", "normalization", "separable_conv2d"];

    /// <summary>The network's name of each layer of a file. A layer whose number may mean another layer gets a name that no network has.</summary>
    /// <param name="file">The layers with weights of the file.</param>
    /// <param name="network">The layers with weights of the network.</param>
    public static IReadOnlyDictionary<string, string> Match(IEnumerable<string> file, IEnumerable<string> network)
    {
        var names = file.ToDictionary(name => name, StringComparer.Ordinal);
        var theirs = network.ToHashSet(StringComparer.Ordinal);
        foreach (var kind in s_kinds)
        {
            var (here, there) = (InOrder(names.Keys, kind), InOrder(theirs, kind));
            if (there.Count == 0 || there.All(names.ContainsKey)) continue;
            for (var i = 0; i < here.Count; i++) names[here[i]] = here.Count == there.Count ? there[i] : $"{here[i]} (one of {here.Count} numbered layers, where the network has {there.Count})";
        }

        return names;
    }

    private static List<string> InOrder(IEnumerable<string> names, string kind) =>
        [.. names.Select(name => (Name: name, Number: NumberOf(name, kind))).Where(n => n.Number is not null).OrderBy(n => n.Number).Select(n => n.Name)];

    private static int? NumberOf(string name, string kind) => name == kind ? 0
        : name.StartsWith(kind + "_", StringComparison.Ordinal) && int.TryParse(name.AsSpan(kind.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;
}
