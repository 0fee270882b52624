using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding.Sets;

public sealed class FeatureSetTests : IDisposable
{
    private static readonly string[] s_hardNames = ["plain.jpg", "with blank.jpg", "comma, quote \" and\nline.jpg", " spaces ", "Blüte–花🌸.png", "\u0007bell", "a\\b", "a/b/c.jpg", "A", "", "ä", "a\u0308", "\r\n", "{\"ids\":"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_set_gives_back_the_rows_the_names_and_the_classes_whatever_order_it_was_listed_and_written_in()
    {
        var number = Gen.OneOf(Gen.Elements(0f, -0f, float.NaN, float.MaxValue), ArbMap.Default.GeneratorFor<float>());
        var cases =
            from dim in Gen.Choose(1, 4)
            from partSize in Gen.Choose(1, 6)
            from names in Gen.SubListOf(s_hardNames.Concat(Enumerable.Range(0, 9).Select(i => $"photos/{i}.jpg")).ToArray())
            where names.Count > 0
            from rows in Gen.CollectToList(names, name =>
                from label in Gen.Elements("rose", "", "Tulpe 🌷", null!)
                from vector in Gen.OneOf(Gen.ArrayOf(number, dim), Gen.ArrayOf(number, dim), Gen.Constant<float[]>(null!))
                select new GeneratedRow(name, label, vector))
            from listed in Gen.Shuffle(rows.ToArray())
            from seed in Gen.Choose(0, 1000)
            select (Dim: dim, PartSize: partSize, Rows: listed.ToList(), Seed: seed);
        var run = 0;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var (folder, sorted) = (_folder.File($"set {run++}"), one.Rows.OrderBy(row => row.Id, StringComparer.Ordinal).ToList());
            GeneratedSet.Write(folder, one.Rows, one.Dim, one.PartSize, count => Shuffled(count, one.Seed));
            var again = _folder.File($"set {run++}");
            GeneratedSet.Write(again, sorted, one.Dim, one.PartSize);
            Assert.Equal(GeneratedSet.PartFiles(folder), GeneratedSet.PartFiles(again));
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "manifest.json")), File.ReadAllBytes(Path.Combine(again, "manifest.json")));

            var set = FeatureSet.Open(folder);
            set.Verify();
            var usable = sorted.Where(row => row.Vector is not null).ToList();
            Assert.Equal((one.Dim, usable.Count, sorted.Count), (set.Dim, set.RowCount, set.ImageCount));
            Assert.Equal(usable.Select(row => row.Label).OfType<string>().Distinct().Order(StringComparer.Ordinal), set.Classes);
            Assert.Equal(usable.Select(row => row.Label), Enumerable.Range(0, usable.Count).Select(row => set.LabelOf(row)));
            Assert.Equal(usable.Select(row => row.Id), set.Parts.SelectMany(part => set.IdsOf(part.Number)));
            Assert.Equal(sorted.Where(row => row.Vector is null).Select(row => (row.Id, row.Label)), set.Parts.SelectMany(part => set.SkippedOf(part.Number)).Select(skipped => (skipped.Id, skipped.Label)));
            for (var first = 0; first <= usable.Count; first++)
            {
                var rows = new float[(usable.Count - first) / 2 * one.Dim];
                set.ReadRows(first, rows);
                Assert.Equal(Bits(usable.Skip(first).Take((usable.Count - first) / 2).SelectMany(row => row.Vector!)), Bits(rows));
            }
        }));
    }

    [Fact]
    public void A_part_is_an_array_of_numpy_with_the_names_beside_it()
    {
        var folder = _folder.File("set");
        var plan = GeneratedSet.Write(folder, GeneratedSet.Rows(30, 3), 3, 8);
        var matrix = FeatureMatrix.LoadNpy(Path.Combine(folder, plan.Parts[1] + ".npy"));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, plan.Parts[1] + ".json")));
        Assert.Equal(matrix.RowCount, json.RootElement.GetProperty("rows").GetInt32());
        Assert.Equal(matrix.RowCount, json.RootElement.GetProperty("ids").GetArrayLength());
        Assert.Equal(matrix.RowCount, json.RootElement.GetProperty("labels").GetArrayLength());
        Assert.Equal("net", json.RootElement.GetProperty("backbone").GetString());
        var rows = new float[matrix.RowCount * 3];
        var set = FeatureSet.Open(folder);
        set.ReadRows(set.Parts[1].FirstRow, rows);
        Assert.Equal(matrix.Values.ToArray(), rows);
    }

    [Fact]
    public void A_part_that_lacks_its_end_is_seen_at_every_length()
    {
        var folder = _folder.File("set");
        var plan = GeneratedSet.Write(folder, GeneratedSet.Rows(12, 2), 2, 4);
        foreach (var extension in new[] { ".json", ".npy" })
        {
            var file = Path.Combine(folder, plan.Parts[1] + extension);
            var whole = File.ReadAllBytes(file);
            for (var length = 0; length < whole.Length; length++)
            {
                File.WriteAllBytes(file, whole[..length]);
                Refused(folder, plan, 1, withNumbers: false);
            }

            File.WriteAllBytes(file, [.. whole, (byte)'\n']);
            Refused(folder, plan, 1, withNumbers: false);
            File.Delete(file);
            Refused(folder, plan, 1, withNumbers: false);
            File.WriteAllBytes(file, whole);
            FeatureSet.Open(folder).Verify();
        }
    }

    [Fact]
    public void A_part_with_one_changed_byte_is_seen()
    {
        var folder = _folder.File("set");
        var plan = GeneratedSet.Write(folder, GeneratedSet.Rows(12, 2), 2, 4);
        var npy = Path.Combine(folder, plan.Parts[0] + ".npy");
        EachByteChanged(npy, () =>
        {
            Assert.Null(new SetFolder(folder).Check(plan, 0, withNumbers: true, out _));
            Assert.Contains(plan.Parts[0], Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder).Verify()).Message, StringComparison.Ordinal);
        });
        EachByteChanged(Path.Combine(folder, plan.Parts[2] + ".json"), () => Assert.Contains(plan.Parts[2], Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_manifest_that_is_not_whole_is_refused_at_every_length()
    {
        var folder = _folder.File("set");
        GeneratedSet.Write(folder, GeneratedSet.Rows(5, 2), 2, 4);
        var file = Path.Combine(folder, "manifest.json");
        var whole = File.ReadAllBytes(file);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            Assert.Contains("embed the same images", Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("parts", "[null]")]
    [InlineData("parts", "[\"../../part-00000000-0123456789abcdef\"]")]
    [InlineData("parts", "null")]
    [InlineData("images", "9223372036854775807")]
    [InlineData("images", "-1")]
    [InlineData("partSize", "0")]
    [InlineData("network", "null")]
    [InlineData("network", "{}")]
    public void A_plan_or_manifest_that_cannot_be_is_refused(string field, string json)
    {
        foreach (var file in (string[])["plan.json", "manifest.json"])
        {
            var folder = _folder.File($"set of {file}");
            GeneratedSet.Write(folder, GeneratedSet.Rows(5, 2), 2, 4);
            var path = Path.Combine(folder, file);
            var document = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!;
            document[field] = System.Text.Json.Nodes.JsonNode.Parse(json);
            File.WriteAllText(path, document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n");
            if (file == "plan.json") File.Delete(Path.Combine(folder, "manifest.json"));
            Assert.Contains(folder, Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder)).Message, StringComparison.Ordinal);
            Assert.Contains(folder, Assert.Throws<InvalidDataException>(() => FeatureSet.Inspect(folder)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_set_that_is_not_complete_says_how_much_is_missing()
    {
        var folder = _folder.File("set");
        var rows = GeneratedSet.Rows(20, 2);
        var images = GeneratedSet.Images(rows);
        var plan = SetPlan.Of(images, 4, GeneratedSet.Network(2));
        var set = new SetFolder(folder);
        set.Claim(plan, images, isShard: false);
        GeneratedSet.WritePart(set, plan, images, 3, rows.ToDictionary(row => row.Id));
        Assert.Equal([0, 1, 2, 4], set.TryFinish(plan, _ => false));
        Assert.Contains("4 of its 5 parts are missing", Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder)).Message, StringComparison.Ordinal);
        Assert.Contains("is not a feature set", Assert.Throws<InvalidDataException>(() => FeatureSet.Open(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => FeatureSet.Open(_folder.File("no such folder")));
    }

    [Fact]
    public void Two_writers_of_one_part_do_no_harm()
    {
        var rows = GeneratedSet.Rows(40, 5);
        var (folder, byId, images) = (_folder.File("set"), rows.ToDictionary(row => row.Id), GeneratedSet.Images(rows));
        var plan = SetPlan.Of(images, 10, GeneratedSet.Network(5));
        var set = new SetFolder(folder);
        set.Claim(plan, images, isShard: false);
        Parallel.For(0, 32, i => GeneratedSet.WritePart(set, plan, images, i % 4, byId));
        Assert.Empty(set.TryFinish(plan, _ => false));
        FeatureSet.Open(folder).Verify();
        Assert.Equal(8 + 2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void Rows_outside_of_the_set_and_parts_of_rows_are_refused()
    {
        var folder = _folder.File("set");
        GeneratedSet.Write(folder, [new("a", "x", [1, 2]), new("b", null, [3, 4]), new("c", "y", null)], 2, 2);
        var set = FeatureSet.Open(folder);
        Assert.Equal([0, -1], [set.ClassOf(0), set.ClassOf(1)]);
        Assert.Equal(["x"], set.Classes);
        foreach (var (first, count) in new[] { (-1L, 1), (2L, 1), (1L, 2), (long.MaxValue, 1) })
            Assert.Throws<ArgumentOutOfRangeException>(() => set.ReadRows(first, new float[count * 2]));
        Assert.Throws<ArgumentException>(() => set.ReadRows(0, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ClassOf(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.IdsOf(2));
        set.ReadRows(2, []);
    }

    [Fact]
    public void Many_threads_read_one_set()
    {
        var rows = GeneratedSet.Rows(200, 3);
        var folder = _folder.File("set");
        GeneratedSet.Write(folder, rows, 3, 16);
        var set = FeatureSet.Open(folder);
        var all = new float[set.RowCount * 3];
        set.ReadRows(0, all);
        Parallel.For(0, (int)set.RowCount, row =>
        {
            var one = new float[3];
            set.ReadRows(row, one);
            Assert.Equal(all.AsSpan(row * 3, 3).ToArray(), one);
        });
    }

    [Fact]
    public void Ids_that_no_file_could_tell_apart_are_refused()
    {
        Assert.Contains("'x'", Assert.Throws<ArgumentException>(() => Images("x", "y", "x")).Message, StringComparison.Ordinal);
        Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => Images("half \ud83c")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Images());

        static SetImages Images(params string[] ids) => SetImages.Of(ids.Select(id => ImageInput.FromBytes(new byte[1], id)), null, null);
    }

    [Theory]
    [InlineData("1/1", true)]
    [InlineData("8/8", true)]
    [InlineData("0/8", false)]
    [InlineData("9/8", false)]
    [InlineData("1", false)]
    [InlineData("1/2/3", false)]
    [InlineData("-1/2", false)]
    [InlineData(" 1/2", false)]
    [InlineData("", false)]
    public void A_shard_is_K_of_N(string text, bool isOne)
    {
        Assert.Equal(isOne, Shard.TryParse(text, out var shard));
        if (isOne) Assert.Equal(text, shard!.ToString());
        else Assert.Contains("K/N", Assert.Throws<FormatException>(() => Shard.Parse(text)).Message, StringComparison.Ordinal);
    }

    private static void Refused(string folder, SetPlan plan, int part, bool withNumbers)
    {
        Assert.Null(new SetFolder(folder).Check(plan, part, withNumbers, out var problem));
        Assert.NotNull(problem);
        var error = Assert.Throws<InvalidDataException>(() => FeatureSet.Open(folder)).Message;
        Assert.Contains(plan.Parts[part], error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    private static void EachByteChanged(string file, Action check)
    {
        var whole = File.ReadAllBytes(file);
        for (var i = 0; i < whole.Length; i++)
        {
            var changed = (byte[])whole.Clone();
            changed[i] ^= 1;
            File.WriteAllBytes(file, changed);
            check();
        }

        File.WriteAllBytes(file, whole);
    }

    private static int[] Shuffled(int count, int seed)
    {
        int[] parts = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(parts);
        return parts;
    }

    private static IEnumerable<int> Bits(IEnumerable<float> values) => values.Select(BitConverter.SingleToInt32Bits);
}
