using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

internal static partial class Throw
{
    internal static ArgumentException FeatureFormatUnknown(string path, IReadOnlyList<string> known) =>
        new($"'{path}' {(Path.GetExtension(path) is { Length: > 0 } extension ? $"has the extension '{extension}'" : "has no extension")}, but the extension names the format of feature vectors: " +
            $"give one of {string.Join(", ", known)}{(known.Contains(".parquet") ? "" : ", or add the package OnnxTransfer.Parquet and call ParquetFiles.Register() for .parquet")}.");

    internal static ModelException VectorNotFinite(string image, string problem) => new($"{image}: {problem}");

    [DoesNotReturn]
    internal static void RowHasWrongLength(int length, int dim) =>
        throw new ArgumentException($"The vector has {length} numbers, but the file is of vectors of {dim} numbers.");

    [DoesNotReturn]
    internal static void RowsWithAndWithoutIds(long row) =>
        throw new ArgumentException($"Row {row} breaks the rule that all rows of a file have an id or none has, and that a label needs an id: give every row an id.");

    [DoesNotReturn]
    internal static void NamesDoNotMatchRows(string name, int names, int rows) =>
        throw new ArgumentException($"There are {names} {name} for {rows} rows: give one for each row.", name);

    internal static IOException NamesWouldReplace(string array, string path) =>
        new($"The ids of '{array}' belong into '{path}', but that file is something else: give another name to one of the two, or write .npz, which has the ids inside.");

    internal static IOException TooManyIdsForSafetensors(string path, long bytes, int most) =>
        new($"'{path}' cannot be written, because its ids and labels take {bytes} bytes, and a safetensors header has at most {most}: write .parquet or .npz, or fewer images.");
}
