using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Data;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding.Files;

public sealed class FeatureWriterTests : IDisposable
{
    private static readonly string[] s_hardNames = ["plain.jpg", "comma, quote \" and\nline.jpg", " spaces ", "Blüte–花🌸.png", "", "\u0007bell", "a\\b"];

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Extensions => [".npy", ".npz", ".safetensors", ".csv"];

    public void Dispose() => _folder.Dispose();

    /// <summary>A row of a file: what was written, or what a reader of the format finds.</summary>
    private sealed record Row(string? Id, string? Label, float[] Vector);

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Every_format_gives_back_the_bits_and_the_names(string extension)
    {
        var names = Gen.Elements(s_hardNames);
        var number = Gen.OneOf(Gen.Elements(0f, -0f, 1e-45f, float.MaxValue, -1.5f, float.PositiveInfinity), ArbMap.Default.GeneratorFor<float>());
        var rows =
            from dim in Gen.Choose(1, 5)
            from list in Gen.ListOf(from id in names from label in Gen.OneOf(names, Gen.Constant<string>(null!)) from vector in Gen.ArrayOf(number, dim) select new Row(id, label, vector))
            where list.Count > 0
            select list.ToList();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(rows.ToArbitrary(), written =>
        {
            var path = _folder.File("rows" + extension);
            using (var writer = FeatureWriter.Create(path, written[0].Vector.Length, "net"))
            {
                foreach (var row in written) writer.Add(row.Vector, row.Id, row.Label);
                Assert.Equal(written.Count, writer.RowCount);
                writer.Complete();
            }

            var read = Read(path);
            Assert.Equal(written.Count, read.Count);
            foreach (var (expected, found) in written.Zip(read))
            {
                Assert.Equal(expected.Id, found.Id);
                // Where a format has no null, no label is an empty text.
                Assert.Equal(expected.Label ?? "", found.Label ?? "");
                Assert.Equal(expected.Vector.Select(BitConverter.SingleToInt32Bits).Select(Canonical), found.Vector.Select(BitConverter.SingleToInt32Bits).Select(Canonical));
            }
        }));

        // A text has one NaN only.
        int Canonical(int bits) => extension == ".csv" && float.IsNaN(BitConverter.Int32BitsToSingle(bits)) ? BitConverter.SingleToInt32Bits(float.NaN) : bits;
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public void A_file_without_ids_has_the_numbers_alone(string extension)
    {
        var path = _folder.File("plain" + extension);
        new FeatureMatrix([1, 2, 3, 4, 5, 6], 2, 3).Save(path);
        var read = Read(path);
        Assert.Equal([4f, 5f, 6f], read[1].Vector);
        Assert.All(read, row => Assert.Null(row.Id));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Without_complete_nothing_changes(string extension)
    {
        var path = _folder.File("old" + extension);
        File.WriteAllText(path, "older");
        using (var writer = FeatureWriter.Create(path, 1)) writer.Add([1], "a");
        Assert.Equal("older", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public void The_same_rows_give_the_same_bytes(string extension)
    {
        var bytes = new[] { "a", "b" }.Select(name =>
        {
            new FeatureMatrix([1, 2], 2, 1).Save(_folder.File(name, "v" + extension), ["x", "y"], ["k", null]);
            return File.ReadAllBytes(_folder.File(name, "v" + extension));
        }).ToList();
        Assert.Equal(bytes[0], bytes[1]);
    }

    [Theory]
    [InlineData("v.parquet", "add the package OnnxTransfer.Parquet")]
    [InlineData("v.xlsx", "'.xlsx'")]
    [InlineData("v", "has no extension")]
    public void An_unknown_extension_is_refused_with_the_known_ones(string name, string words)
    {
        var error = Assert.Throws<ArgumentException>(() => new FeatureMatrix([1], 1, 1).Save(_folder.File(name)));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(".csv, .npy, .npz, .safetensors", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void The_extension_may_be_in_capitals() => new FeatureMatrix([1], 1, 1).Save(_folder.File("V.NPZ"));

    [Fact]
    public void Rows_with_and_without_ids_do_not_mix()
    {
        using var writer = FeatureWriter.Create(_folder.File("v.csv"), 2);
        Assert.Throws<ArgumentException>(() => writer.Add([1, 2], null, "label"));
        writer.Add([1, 2], "a");
        Assert.Contains("Row 1", Assert.Throws<ArgumentException>(() => writer.Add([1, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("3 numbers", Assert.Throws<ArgumentException>(() => writer.Add([1, 2, 3], "b")).Message, StringComparison.Ordinal);
        Assert.Contains("1 ids for 2 rows", Assert.Throws<ArgumentException>(() => new FeatureMatrix([1, 2], 2, 1).Save(_folder.File("w.csv"), ["a"])).Message, StringComparison.Ordinal);
        writer.Complete();
        Assert.Throws<ObjectDisposedException>(() => writer.Add([1, 2], "c"));
        Assert.Throws<ObjectDisposedException>(writer.Complete);
    }

    [Fact]
    public void The_ids_of_an_array_replace_older_ids_and_nothing_else()
    {
        var path = _folder.File("v.npy");
        var matrix = new FeatureMatrix([1, 2], 2, 1);
        matrix.Save(path, ["a", "b"]);
        matrix.Save(path, ["c", "d"]);
        Assert.Equal(["c", "d"], Read(path).Select(row => row.Id));

        var other = _folder.File("v.json");
        File.WriteAllText(other, """{"name": "settings of something else"}""");
        var error = Assert.Throws<IOException>(() => matrix.Save(path, ["e", "f"]));
        Assert.Contains("v.json' , but".Replace(" ,", ",", StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
        Assert.Contains("something else", File.ReadAllText(other), StringComparison.Ordinal);
        // Without ids there is nothing to put there.
        matrix.Save(path);
        Assert.Contains("something else", File.ReadAllText(other), StringComparison.Ordinal);
    }

    [Fact]
    public void A_safetensors_file_begins_its_numbers_at_a_multiple_of_eight()
    {
        for (var length = 1; length < 20; length++)
        {
            var path = _folder.File("aligned.safetensors");
            new FeatureMatrix([1], 1, 1).Save(path, [new string('x', length)]);
            Assert.Equal(0, BitConverter.ToInt64(File.ReadAllBytes(path), 0) % 8);
        }
    }

    private static List<Row> Read(string path) => Path.GetExtension(path) switch
    {
        ".npy" => Npy(path),
        ".npz" => Npz(path),
        ".safetensors" => Safetensors(path),
        _ => Csv(path),
    };

    private static List<Row> Npy(string path)
    {
        var matrix = FeatureMatrix.LoadNpy(path);
        if (!File.Exists(Path.ChangeExtension(path, ".json"))) return Rows(matrix.Values.ToArray(), matrix.Dim, null, null);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(path, ".json")));
        return Rows(matrix.Values.ToArray(), matrix.Dim, Texts(json.RootElement.GetProperty("ids")), Texts(json.RootElement.GetProperty("labels")));
    }

    private static List<Row> Npz(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        // Uncompressed, as numpy.savez does it.
        Assert.All(archive.Entries, entry => Assert.Equal(entry.Length, entry.CompressedLength));
        var features = WeightFile.Open(path)["features"];
        return Rows(features.Read(), (int)features.Shape[1], Unicode(archive.GetEntry("ids.npy")), Unicode(archive.GetEntry("labels.npy")));
    }

    private static string?[]? Unicode(ZipArchiveEntry? entry)
    {
        if (entry is null) return null;
        using var stream = entry.Open();
        var bytes = new byte[entry.Length];
        stream.ReadExactly(bytes);
        var header = Encoding.ASCII.GetString(bytes, 10, 118);
        var length = int.Parse(header[(header.IndexOf("<U", StringComparison.Ordinal) + 2)..header.IndexOf("',", header.IndexOf("<U", StringComparison.Ordinal), StringComparison.Ordinal)], CultureInfo.InvariantCulture) * 4;
        return [.. Enumerable.Range(0, (bytes.Length - 128) / length).Select(i => Encoding.UTF32.GetString(bytes, 128 + (i * length), length).TrimEnd('\0'))];
    }

    private static List<Row> Safetensors(string path)
    {
        var bytes = File.ReadAllBytes(path);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)BitConverter.ToInt64(bytes, 0)));
        var metadata = header.RootElement.GetProperty("__metadata__");
        var features = WeightFile.Open(path)["features"];
        return Rows(features.Read(), (int)features.Shape[1], Inner("ids"), Inner("labels"));

        string?[]? Inner(string name) => metadata.TryGetProperty(name, out var text) ? Texts(JsonDocument.Parse(text.GetString()!).RootElement) : null;
    }

    private static List<Row> Csv(string path)
    {
        using var text = new StreamReader(path);
        var records = new DelimitedText(text, ',', path).Records().Select(record => record.Fields).ToList();
        var names = records[0][0] == "id" ? 2 : 0;
        Assert.Equal(Enumerable.Range(0, records[0].Length - names).Select(i => $"f{i}"), records[0].Skip(names));
        return [.. records.Skip(1).Select(fields => new Row(names > 0 ? fields[0] : null, names > 0 ? fields[1] : null, [.. fields.Skip(names).Select(value => float.Parse(value, CultureInfo.InvariantCulture))]))];
    }

    private static List<Row> Rows(float[] values, int dim, string?[]? ids, string?[]? labels) =>
        [.. values.Chunk(dim).Select((vector, i) => new Row(ids?[i], labels?[i], vector))];

    private static string?[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(text => text.GetString())];
}
