using System.Text;
using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Data;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

public sealed class ImageTableTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(',')]
    [InlineData('\t')]
    public void What_is_written_by_RFC_4180_is_read_back(char separator) => Check.QuickThrowOnFailure(Prop.ForAll(Tables(), rows =>
    {
        foreach (var end in new[] { "\n", "\r\n", "\r" })
        {
            foreach (var last in new[] { end, "" })
            {
                var text = string.Join(end, rows.Select(row => string.Join(separator, row.Select(Quoted)))) + last;
                var read = new DelimitedText(new StringReader(text), separator, "x").Records().ToList();
                if (!read.Select(record => record.Fields).SequenceEqual(rows, new SameFields())) return false;
                // Each record begins after all line ends of those before it, quoted ones included.
                var line = 1;
                for (var i = 0; i < rows.Length; i++)
                {
                    if (read[i].Line != line) return false;
                    line += 1 + rows[i].Sum(LineEnds);
                }
            }
        }

        return true;
    }));

    [Fact]
    public void Columns_are_found_by_name_and_paths_are_relative_to_the_file()
    {
        var table = Csv("species,path,fold,extra\nrose,a/1.jpg,train,x\n\"tulip, red\",/abs/2.jpg,Test,y\n");
        var images = ImageDataset.FromCsv(table, image: "path", label: "species", split: "fold").Images;
        Assert.Equal([Path.Combine(_folder.Path, "a/1.jpg"), "/abs/2.jpg"], images.Select(image => image.Id));
        Assert.Equal(["rose", "tulip, red"], images.Select(image => image.Label));
        Assert.Equal([DataSplit.Train, DataSplit.Test], images.Select(image => image.Split));
        Assert.All(images, image => Assert.Equal(1, image.Weight));
    }

    [Theory]
    [InlineData("image,label,split,weight")]
    [InlineData("FileName,Class,Set,Sample_Weight")]
    [InlineData("path,species,fold,weight")]
    public void The_usual_names_need_not_be_said(string header)
    {
        var images = ImageDataset.FromCsv(Csv($"{header}\n1.jpg,a,val,0.5\n2.jpg,b,train,2\n"));
        Assert.Equal([DataSplit.Validation, DataSplit.Train], images.Images.Select(image => image.Split));
        Assert.Equal([0.5f, 2f], images.Images.Select(image => image.Weight));
        Assert.Contains("label in column", images.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_name_refuses_an_optional_column()
    {
        var table = Csv("image,label,fold,weight\n1.jpg,a,3,heavy\n");
        Assert.Contains("'3'", Refusal(() => ImageDataset.FromCsv(table)), StringComparison.Ordinal);
        Assert.Contains("'heavy'", Refusal(() => ImageDataset.FromCsv(table, split: "")), StringComparison.Ordinal);
        Assert.False(ImageDataset.FromCsv(table, split: "", weight: "").HasSplits);
    }

    [Fact]
    public void Json_lines_have_the_same_columns()
    {
        var file = _folder.File("t.jsonl");
        File.WriteAllText(file, """
            {"file_name": "a.jpg", "label": 3, "weight": 0.5, "split": "validation"}

            {"label": "x", "file_name": "b.jpg", "weight": 1, "split": "train", "more": [1]}
            """);
        var images = ImageDataset.FromJsonLines(file).Images;
        Assert.Equal(["3", "x"], images.Select(image => image.Label));
        Assert.Equal([0.5f, 1f], images.Select(image => image.Weight));
        Assert.Equal([DataSplit.Validation, DataSplit.Train], images.Select(image => image.Split));
    }

    [Fact]
    public void A_byte_order_mark_and_tabs_are_no_part_of_the_text()
    {
        var file = _folder.File("t.tsv");
        File.WriteAllText(file, "image\tlabel\r\n1.jpg\tä\r\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal("ä", Assert.Single(ImageDataset.FromTsv(file).Images).Label);
    }

    [Fact]
    public void A_row_without_a_label_is_listed_with_its_line()
    {
        var table = Csv("image,label\n1.jpg,a\n2.jpg,\n");
        var photos = ImageDataset.FromCsv(table);
        Assert.Single(photos.Images);
        Assert.Equal(($"{table}:3", UnusedKind.Unlabeled), Assert.Single(photos.Unused) is var unused ? (unused.Path, unused.Kind) : default);
    }

    [Theory]
    [InlineData("", 0, "no header")]
    [InlineData("image,label\n", 0, "no row")]
    [InlineData("photo,label\n1.jpg,a\n", 1, "name one of photo, label")]
    [InlineData("image,label,label\n1.jpg,a,b\n", 1, "two columns")]
    [InlineData("image,label\n1.jpg\n", 2, "1 fields, but the header has 2")]
    [InlineData("image,label\n\"a\nb\",x\n,a\n", 4, "empty")]
    [InlineData("image,label\n1.jpg,a\"b\n", 2, "double each quote")]
    [InlineData("image,label\n1.jpg,\"a\"b\n", 2, "follows the closing quote")]
    [InlineData("image,label\nx,y\n1.jpg,\"a\n\n", 3, "never closed")]
    [InlineData("image,label,split\n1.jpg,a,fold1\n", 2, "'fold1'")]
    [InlineData("image,label,weight\n1.jpg,a,-1\n", 2, "'-1'")]
    [InlineData("image,label,weight\n1.jpg,a,\"0,5\"\n", 2, "'0,5'")]
    [InlineData("image,label,weight\n1.jpg,a,NaN\n", 2, "'NaN'")]
    public void A_malformed_table_is_refused_with_file_and_line(string text, int line, string part)
    {
        var table = Csv(text);
        var message = Refusal(() => ImageDataset.FromCsv(table));
        Assert.StartsWith(line > 0 ? $"{table}:{line}: " : table, message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("{\"image\": ", "is not JSON")]
    [InlineData("{\"image\": \"1.jpg\"}", "no column 'label'")]
    [InlineData("{\"image\": [1], \"label\": \"a\"}", "JSON array")]
    public void A_malformed_line_of_json_is_refused_with_file_and_line(string line, string part)
    {
        var file = _folder.File("t.jsonl");
        File.WriteAllText(file, "{\"image\": \"1.jpg\", \"label\": \"a\"}\n" + line + "\n");
        var message = Refusal(() => ImageDataset.FromJsonLines(file));
        Assert.StartsWith($"{file}:2: ", message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_that_is_not_there_is_answered_with_those_that_are()
    {
        var table = Csv("path,species\n1.jpg,a\n");
        var message = Refusal(() => ImageDataset.FromCsv(table, label: "specis"));
        Assert.StartsWith($"{table}:1: ", message, StringComparison.Ordinal);
        Assert.Contains("species, path", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Some_rows_with_a_set_and_some_without_are_refused() =>
        Assert.Contains("2.jpg", Refusal(() => ImageDataset.FromCsv(Csv("image,label,split\n1.jpg,a,train\n2.jpg,b,\n"))), StringComparison.Ordinal);

    [Fact]
    public void Text_that_is_not_utf8_is_refused_with_what_to_do()
    {
        var file = _folder.File("t.csv");
        File.WriteAllBytes(file, [.. "image,label\n1.jpg,caf"u8, 0xE9]);
        Assert.Contains("UTF-8", Refusal(() => ImageDataset.FromCsv(file)), StringComparison.Ordinal);
    }

    private string Csv(string text)
    {
        var file = _folder.File("t.csv");
        File.WriteAllText(file, text);
        return file;
    }

    private static string Refusal(Action action) => Assert.Throws<DatasetException>(action).Message;

    /// <summary>Tables of one width, whose fields are made of what makes trouble. A row of one empty field is an empty line, which does not count.</summary>
    private static Arbitrary<string[][]> Tables()
    {
        var field = Gen.Elements("a", "ä", "\"", ",", "\t", "\n", "\r\n", "\r", " ", "").ListOf().Select(parts => string.Concat(parts.Take(6)));
        return Arb.From(
            from width in Gen.Choose(1, 4)
            from rows in field.ArrayOf(width).Where(row => row is not [""]).ListOf()
            select rows.Take(8).ToArray());
    }

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny("\",\t\r\n".AsSpan()) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static int LineEnds(string field) => field.Replace("\r\n", "\n", StringComparison.Ordinal).Count(c => c is '\n' or '\r');

    private sealed class SameFields : IEqualityComparer<string[]>
    {
        public bool Equals(string[]? a, string[]? b) => a!.SequenceEqual(b!);

        public int GetHashCode(string[] fields) => fields.Length;
    }
}
