using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Files;

/// <summary>The JSON beside a <c>.npy</c> that says which row is which image.</summary>
/// <param name="Backbone">The network of the vectors.</param>
/// <param name="Rows">N.</param>
/// <param name="Dim">D.</param>
/// <param name="Ids">N ids.</param>
/// <param name="Labels">N labels; null where a row has none.</param>
internal sealed partial record NpyNames(string? Backbone, long Rows, int Dim, IReadOnlyList<string> Ids, IReadOnlyList<string?> Labels)
{
    /// <summary>Where the names of a file's own fields stand.</summary>
    private const int BytesRead = 4096;

    /// <summary>Writes these names to a file that gets its name together with the array's.</summary>
    /// <param name="array">The <c>.npy</c> file.</param>
    internal PendingFile Begin(string array)
    {
        var file = AtomicFile.Begin(Beside(array));
        try
        {
            file.Stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(this, NamesJson.Default.NpyNames), (byte)'\n']);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Refuses to replace a file that such a run did not write.</summary>
    /// <param name="array">The <c>.npy</c> file.</param>
    /// <exception cref="IOException">There is another file, or a folder.</exception>
    internal static void RequireReplaceable(string array)
    {
        var path = Beside(array);
        AtomicFile.RequireWritable(path);
        if (!File.Exists(path)) return;
        using var stream = InputFile.OpenRead(path);
        Span<byte> start = stackalloc byte[BytesRead];
        var text = Encoding.UTF8.GetString(start[..stream.ReadAtLeast(start, BytesRead, throwOnEndOfStream: false)]);
        if (!text.Contains("\"rows\":", StringComparison.Ordinal) || !text.Contains("\"dim\":", StringComparison.Ordinal) || !text.Contains("\"ids\":", StringComparison.Ordinal))
            throw Throw.NamesWouldReplace(array, path);
    }

    private static string Beside(string array) => Path.ChangeExtension(array, ".json");

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(NpyNames))]
    private sealed partial class NamesJson : JsonSerializerContext;
}
