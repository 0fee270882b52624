using System.Runtime.InteropServices;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>The images of a feature set, in ordinal order of their ids, whatever order they were listed in. No two have the same id.</summary>
internal sealed class SetImages
{
    private readonly List<SetImage> _images;

    private SetImages(List<SetImage> images) => _images = images;

    internal int Count => _images.Count;

    /// <summary>Sorts images.</summary>
    /// <param name="inputs">The images in any order.</param>
    /// <param name="root">The folder that ids are made relative to, written with '/'; null to take them as they are.</param>
    /// <param name="label">The class of an image by its <see cref="ImageInput.Id"/>; null for none.</param>
    /// <exception cref="ArgumentException">There is no image, two have the same id, or an id is not below the root or not valid Unicode.</exception>
    internal static SetImages Of(IEnumerable<ImageInput> inputs, string? root, Func<string, string?>? label)
    {
        var images = inputs.TryGetNonEnumeratedCount(out var count) ? new List<SetImage>(count) : [];
        // Labels repeat: one text for each class, not for each image.
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var full = root is null ? null : Path.GetFullPath(root);
        foreach (var input in inputs)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(inputs));
            var id = full is null ? input.Id : Relative(full, input.Id);
            RequireUnicode(id);
            var name = label?.Invoke(input.Id);
            if (name is not null && !known.TryAdd(name, name)) name = known[name];
            if (name is not null) RequireUnicode(name);
            images.Add(new SetImage(id, name, full is null ? input : input.WithId(id)));
        }

        if (images.Count == 0) Throw.SetWithoutImages();
        images.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        for (var i = 1; i < images.Count; i++)
        {
            if (images[i].Id == images[i - 1].Id) Throw.SetIdTwice(images[i].Id);
        }

        return new SetImages(images);
    }

    /// <summary>The images of a part: <c>[part * partSize, (part + 1) * partSize)</c>, fewer in the last one.</summary>
    internal ReadOnlyMemory<SetImage> Part(int part, int partSize)
    {
        var start = part * partSize;
        var images = new SetImage[Math.Min(partSize, _images.Count - start)];
        CollectionsMarshal.AsSpan(_images).Slice(start, images.Length).CopyTo(images);
        return images;
    }

    /// <summary>Whether an image of this id and label is among them.</summary>
    internal bool Contains(string id, string? label)
    {
        var images = CollectionsMarshal.AsSpan(_images);
        var (low, high) = (0, images.Length - 1);
        while (low <= high)
        {
            var middle = low + ((high - low) / 2);
            switch (string.CompareOrdinal(images[middle].Id, id))
            {
                case 0: return images[middle].Label == label;
                case < 0: low = middle + 1; break;
                default: high = middle - 1; break;
            }
        }

        return false;
    }

    private static string Relative(string root, string path)
    {
        var relative = PathBelow.Of(root, path);
        if (relative is null or ".") Throw.SetIdOutsideRoot(path, root);
        return relative;
    }

    /// <summary>Half a surrogate pair, which only Windows allows in names, has no UTF-8: two such ids would be one in every file.</summary>
    private static void RequireUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) Throw.SetIdNotUnicode(text);
            i++;
        }
    }
}
