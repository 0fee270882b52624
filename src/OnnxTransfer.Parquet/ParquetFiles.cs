using OnnxTransfer.Embedding.Files;

namespace OnnxTransfer.Parquet;

/// <summary>Feature vectors in Parquet files, which DuckDB, pandas, Polars and Spark read.</summary>
/// <remarks>
/// The columns are <c>id</c> and <c>label</c>, texts that may be null, and <c>features</c>, a list of D floats. The metadata of the file has
/// <c>dim</c>, and <c>backbone</c> if it is known. Nothing is compressed, because the digits of features do not repeat.
/// </remarks>
public static class ParquetFiles
{
    /// <summary>
    /// Registers the extension <c>.parquet</c> for <see cref="FeatureWriter.Create"/>, <see cref="FeatureMatrix.Save"/> and
    /// <see cref="EmbeddingResult.Save"/>. Call it when the application starts; calling it again changes nothing.
    /// </summary>
    public static void Register() => FeatureFiles.Register(".parquet", static (path, dim, backbone) => new ParquetFeatureWriter(path, dim, backbone));
}
