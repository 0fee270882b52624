using OnnxTransfer.Embedding.Sets;

namespace OnnxTransfer.Tests.Embedding.Sets;

/// <summary>An image of a generated set.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Label">Its class; null for none.</param>
/// <param name="Vector">Its row; null for an image that could not be used.</param>
internal sealed record GeneratedRow(string Id, string? Label, float[]? Vector);

/// <summary>Feature sets of given rows, without a network.</summary>
internal static class GeneratedSet
{
    internal static SetNetwork Network(int dim, string fact = "made by the tests") => SetNetwork.Of("net", null, dim, [fact]);

    /// <summary>Plans and writes a set, its parts in a given order, and finishes it.</summary>
    internal static SetPlan Write(string folder, IReadOnlyList<GeneratedRow> rows, int dim, int partSize, Func<int, IEnumerable<int>>? order = null)
    {
        var byId = rows.ToDictionary(row => row.Id, StringComparer.Ordinal);
        var images = Images(rows);
        var plan = SetPlan.Of(images, partSize, Network(dim), root: null);
        var set = new SetFolder(folder);
        set.Claim(plan, images, isShard: false);
        foreach (var part in order?.Invoke(plan.Parts.Count) ?? Enumerable.Range(0, plan.Parts.Count)) WritePart(set, plan, images, part, byId);
        Assert.Empty(set.TryFinish(plan, _ => false));
        return plan;
    }

    internal static SetImages Images(IReadOnlyList<GeneratedRow> rows)
    {
        var labels = rows.ToDictionary(row => row.Id, row => row.Label, StringComparer.Ordinal);
        return SetImages.Of(rows.Select(row => ImageInput.FromBytes(new byte[1], row.Id)), root: null, id => labels[id]);
    }

    internal static SoundPart WritePart(SetFolder set, SetPlan plan, SetImages images, int part, IReadOnlyDictionary<string, GeneratedRow> rows)
    {
        var planned = images.Part(part, plan.PartSize);
        var writer = new FeaturePartWriter(plan, part, planned, "generated");
        foreach (var image in planned.ToArray()) writer.Add(rows[image.Id].Vector, rows[image.Id].Vector is null ? "It is no image." : null);
        Assert.True(writer.IsFull);
        return writer.Write(set);
    }

    /// <summary>Rows with ids in no order, three classes, and every eleventh image unusable.</summary>
    internal static List<GeneratedRow> Rows(int count, int dim, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new GeneratedRow(
            $"{(i * 7919) % count:D6}.jpg", i % 4 == 3 ? null : $"class {i % 4}", i % 11 == 5 ? null : [.. Enumerable.Range(0, dim).Select(_ => (float)random.NextDouble())]))];
    }

    /// <summary>The files of a folder but the plan and the manifest, by name.</summary>
    internal static SortedDictionary<string, byte[]> PartFiles(string folder) =>
        new(Directory.EnumerateFiles(folder, "part-*").ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes), StringComparer.Ordinal);
}
