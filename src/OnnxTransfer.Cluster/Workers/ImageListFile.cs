using System.Buffers.Binary;
using System.Text.Json;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>
/// The images of a job by part, in the output folder: the offset of each part and of the end as 64-bit little-endian numbers, then for each
/// part a JSON array of ids and labels in turn. A worker reads the images of the parts that it makes, so its memory does not grow with the
/// job. The names of parts in the plan are hashes of their images, so a damaged list is noticed.
/// </summary>
internal sealed class ImageListFile(string path, int parts)
{
    private const string Prefix = ".images-";

    /// <summary>The file of a plan; its name is hidden and no part's, so that the folder stays a feature set's.</summary>
    internal static string PathIn(string folder, string planHash) => System.IO.Path.Combine(folder, Prefix + planHash[..16]);

    internal string Path => path;

    /// <summary>Writes the list.</summary>
    internal static void Write(string path, SetImages images, SetPlan plan)
    {
        using var file = AtomicFile.Begin(path);
        var offsets = new byte[(plan.Parts.Count + 1) * sizeof(long)];
        file.Stream.Write(offsets);
        for (var part = 0; part < plan.Parts.Count; part++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(offsets.AsSpan(part * sizeof(long)), file.Stream.Position);
            using var writer = new Utf8JsonWriter(file.Stream);
            writer.WriteStartArray();
            foreach (var image in images.Part(part, plan.PartSize).Span)
            {
                writer.WriteStringValue(image.Id);
                if (image.Label is null) writer.WriteNullValue();
                else writer.WriteStringValue(image.Label);
            }

            writer.WriteEndArray();
        }

        BinaryPrimitives.WriteInt64LittleEndian(offsets.AsSpan(plan.Parts.Count * sizeof(long)), file.Stream.Position);
        file.Stream.Position = 0;
        file.Stream.Write(offsets);
        file.Complete();
    }

    /// <summary>Reads the images of a part, whose files are below a folder.</summary>
    /// <exception cref="IOException">The list cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal SetImage[] Read(int part, string root)
    {
        using var stream = InputFile.OpenRead(path);
        Span<byte> ends = stackalloc byte[2 * sizeof(long)];
        if (stream.Length < (parts + 1L) * sizeof(long)) throw ClusterErrors.ListDamaged(path);
        stream.Position = part * (long)sizeof(long);
        stream.ReadExactly(ends);
        var (start, end) = (BinaryPrimitives.ReadInt64LittleEndian(ends), BinaryPrimitives.ReadInt64LittleEndian(ends[sizeof(long)..]));
        if (start < 0 || end < start || end > stream.Length || end - start > Array.MaxLength) throw ClusterErrors.ListDamaged(path);
        var json = new byte[end - start];
        stream.Position = start;
        stream.ReadExactly(json);
        try
        {
            var texts = JsonSerializer.Deserialize(json, ListContracts.Default.StringArray) ?? [];
            var images = new SetImage[texts.Length / 2];
            for (var i = 0; i < images.Length; i++)
            {
                // A list that somebody changed must not lead out of the folder of the images.
                if (texts[2 * i] is not { } id || PathBelow.Of(root, System.IO.Path.Combine(root, id)) is null) throw ClusterErrors.ListDamaged(path);
                images[i] = new SetImage(id, texts[(2 * i) + 1], ImageInput.FromFile(System.IO.Path.Combine(root, id), id));
            }

            return images;
        }
        catch (JsonException)
        {
            throw ClusterErrors.ListDamaged(path);
        }
    }
}
