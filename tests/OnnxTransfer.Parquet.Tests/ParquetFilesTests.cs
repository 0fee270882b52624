using System.Globalization;
using DuckDB.NET.Data;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Parquet.Tests;

/// <summary>What is written is read by DuckDB, a reader that this repository has no part in.</summary>
public sealed class ParquetFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public ParquetFilesTests() => ParquetFiles.Register();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 5)]
    // More than one group, and an exact number of groups.
    [InlineData(2500, 4096)]
    [InlineData(2048, 4096)]
    public void DuckDb_reads_the_same_numbers_and_names(int rows, int dim)
    {
        var random = new Random(rows);
        var matrix = new FeatureMatrix([.. Enumerable.Range(0, rows * dim).Select(_ => random.NextSingle() - 0.5f)], rows, dim);
        string[] ids = [.. Enumerable.Range(0, rows).Select(i => $"fleur ’{i}\", \n.jpg")];
        string?[] labels = [.. Enumerable.Range(0, rows).Select(i => i % 3 == 0 ? null : $"class {i % 3}")];
        var path = _folder.File("vectors.parquet");
        matrix.Save(path, ids, labels);

        Assert.Equal(["id VARCHAR", "label VARCHAR", "features FLOAT[]"], Query($"DESCRIBE SELECT * FROM '{path}'").Select(row => $"{row[0]} {row[1]}"));
        // DuckDB converts texts to floats exactly; sums in double are the same in the same order.
        var read = Query($"SELECT id, label, len(features), list_sum(list_transform(features, x -> x::DOUBLE)), features[1], features[-1] FROM '{path}'");
        Assert.Equal(rows, read.Count);
        for (var row = 0; row < rows; row++)
        {
            Assert.Equal(ids[row], read[row][0]);
            Assert.Equal(labels[row], read[row][1]);
            Assert.Equal((long)dim, Convert.ToInt64(read[row][2], CultureInfo.InvariantCulture));
            Assert.Equal(matrix.Row(row).ToArray().Sum(value => (double)value), (double)read[row][3]!, 1e-9);
            Assert.Equal(matrix.Row(row)[0], read[row][4]);
            Assert.Equal(matrix.Row(row)[^1], read[row][5]);
        }

        Assert.Equal(dim.ToString(CultureInfo.InvariantCulture), Assert.Single(Query($"SELECT value::VARCHAR FROM parquet_kv_metadata('{path}') WHERE key::VARCHAR = 'dim'"))[0]);
    }

    [Fact]
    public void A_file_without_ids_or_rows_is_read_too()
    {
        new FeatureMatrix([1, 2], 1, 2).Save(_folder.File("plain.parquet"));
        Assert.Equal([null, null, 3.0], Assert.Single(Query($"SELECT id, label, list_sum(features)::DOUBLE FROM '{_folder.File("plain.parquet")}'")));
        new FeatureMatrix([], 0, 2).Save(_folder.File("empty.parquet"));
        Assert.Empty(Query($"SELECT * FROM '{_folder.File("empty.parquet")}'"));
    }

    [Fact]
    public void A_file_that_is_not_completed_does_not_exist()
    {
        var path = _folder.File("half.parquet");
        using (var writer = FeatureWriter.Create(path, 2)) writer.Add([1, 2], "a");
        Assert.Empty(Directory.GetFiles(_folder.Path));
        Assert.Contains(".parquet", FeatureWriter.Extensions);
    }

    private static List<object?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }
}
