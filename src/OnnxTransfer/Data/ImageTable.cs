using OnnxTransfer.Decoding;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Data;

/// <summary>Labeled images out of a table: one row an image, its columns by name.</summary>
internal sealed class ImageTable
{
    private static readonly string[] s_image = ["image", "path", "file", "filename", "file_name", "filepath", "image_path"];
    private static readonly string[] s_label = ["label", "class", "species", "category"];
    private static readonly string[] s_split = ["split", "fold", "set", "subset"];
    private static readonly string[] s_weight = ["weight", "sample_weight"];

    private readonly string _path;
    private readonly string _folder;
    private readonly List<LabeledImage> _images = [];
    private readonly List<UnusedFile> _unused = [];

    private ImageTable(string path)
    {
        _path = path;
        _folder = Path.GetDirectoryName(path) ?? "";
    }

    /// <summary>The images, in the order of the rows.</summary>
    internal IReadOnlyList<LabeledImage> Images => _images;

    /// <summary>The rows without a label.</summary>
    internal IReadOnlyList<UnusedFile> Unused => _unused;

    /// <summary>Which column is which, for people.</summary>
    internal string Description { get; private set; } = "";

    /// <summary>Reads comma- or tab-separated text with a header.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a folder, or may not be read.</exception>
    /// <exception cref="DatasetException">The text is malformed or has no such column; the message names file and line.</exception>
    internal static ImageTable ReadDelimited(string path, char separator, ColumnNames names) => Read(path, (table, text) =>
    {
        Columns? columns = null;
        var count = 0;
        foreach (var (line, fields) in new DelimitedText(text, separator, path).Records())
        {
            if (columns is null)
            {
                (columns, count) = (table.Choose(names, fields, line), fields.Length);
                continue;
            }

            if (fields.Length != count) Throw.TableMalformed(path, line, $"the row has {fields.Length} fields, but the header has {count}.");
            table.Add(line, columns, name => fields[Array.IndexOf(columns.All, name)]);
        }

        if (columns is null) Throw.TableEmpty(path);
    });

    /// <summary>Reads one JSON object a line.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a folder, or may not be read.</exception>
    /// <exception cref="DatasetException">A line is no JSON object or lacks a property; the message names file and line.</exception>
    internal static ImageTable ReadJsonLines(string path, ColumnNames names) => Read(path, (table, text) =>
    {
        Columns? columns = null;
        for (var line = 1; text.ReadLine() is { } json; line++)
        {
            if (string.IsNullOrWhiteSpace(json)) continue;
            using var document = Parse(path, line, json);
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object) Throw.TableMalformed(path, line, "the line is not a JSON object such as {\"image\": \"1.jpg\", \"label\": \"rose\"}.");
            columns ??= table.Choose(names, [.. row.EnumerateObject().Select(property => property.Name)], line);
            table.Add(line, columns, name => Text(path, line, row, name));
        }
    });

    private static ImageTable Read(string path, Action<ImageTable, TextReader> read)
    {
        if (Directory.Exists(path)) Throw.FileIsAFolder(path);
        if (!File.Exists(path)) Throw.FileNotFound(path);
        if (SpecialFile.KindOf(path) is { } kind) Throw.TableIsNoOrdinaryFile(path, kind);
        var table = new ImageTable(path);
        try
        {
            using var text = new StreamReader(InputFile.OpenRead(path), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            read(table, text);
        }
        catch (DecoderFallbackException exception)
        {
            Throw.TableNotUtf8(path, exception);
        }

        if (table.Images.Count == 0) Throw.TableHasNoRows(path);
        return table;
    }

    private Columns Choose(ColumnNames names, string[] all, int line)
    {
        var columns = new Columns(
            all, Find(names.Image, s_image, "image") ?? "", Find(names.Label, s_label, "label") ?? "", Find(names.Split, s_split, null), Find(names.Weight, s_weight, null));
        Description = string.Join(", ", new[] { ("image", (string?)columns.Image), ("label", columns.Label), ("split", columns.Split), ("weight", columns.Weight) }
            .Where(pair => pair.Item2 is not null).Select(pair => $"{pair.Item1} in column '{pair.Item2}'"));
        return columns;

        // An optional column has no name of its own for the message, and an empty name switches it off.
        string? Find(string? asked, string[] usual, string? required)
        {
            if (asked is { Length: 0 } && required is null) return null;
            var wanted = asked is null ? usual : [asked];
            var found = wanted.Select(name => Array.Find(all, column => column == name) ?? Array.Find(all, column => column.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(column => column is not null);
            if (found is null && asked is not null) Throw.ColumnNotFound(_path, line, asked, all);
            if (found is null && required is not null) Throw.ColumnNotGuessed(_path, line, required, usual, all);
            if (found is not null && all.Count(column => column == found) > 1) Throw.ColumnTwice(_path, line, found);
            return found;
        }
    }

    private void Add(int line, Columns columns, Func<string, string> value)
    {
        var image = value(columns.Image);
        if (string.IsNullOrWhiteSpace(image)) Throw.TableMalformed(_path, line, $"the column '{columns.Image}' is empty; it names the image file.");
        var label = value(columns.Label);
        if (string.IsNullOrWhiteSpace(label))
        {
            _unused.Add(new UnusedFile(string.Create(CultureInfo.InvariantCulture, $"{_path}:{line}"), UnusedKind.Unlabeled, $"The label of {image} is empty."));
            return;
        }

        _images.Add(new LabeledImage(ImageInput.FromFile(Path.Combine(_folder, image)), label)
        {
            Split = columns.Split is null ? DataSplit.Auto : Split(line, columns.Split, value(columns.Split)),
            Weight = columns.Weight is null ? 1 : Weight(line, columns.Weight, value(columns.Weight)),
        });
    }

    private DataSplit Split(int line, string column, string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return DataSplit.Auto;
        if (DataSplits.Parse(text.Trim()) is { } split) return split;
        Throw.TableMalformed(_path, line, $"the column '{column}' has '{text}', but a set must be train, validation or test; name another column for the split, or give an empty name if the table has no such column.");
        return default;
    }

    private float Weight(int line, string column, string text)
    {
        if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) || !(weight >= 0 && float.IsFinite(weight)))
            Throw.TableMalformed(_path, line, $"the column '{column}' has '{text}', but a weight must be a number of at least 0, written with a point; name another column for the weight, or give an empty name if the table has no such column.");
        return weight;
    }

    private static JsonDocument Parse(string path, int line, string json)
    {
        try
        {
            var utf8 = Encoding.UTF8.GetBytes(json);
            JsonText.RequireUnicode(utf8);
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException exception)
        {
            Throw.TableMalformed(path, line, $"the line is not JSON: {Throw.OneLine(exception.Message)}");
            return null;
        }
    }

    private static string Text(string path, int line, JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value)) Throw.ColumnNotFound(path, line, name, row.EnumerateObject().Select(property => property.Name));
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) Throw.TableMalformed(path, line, $"'{name}' is a JSON {value.ValueKind.ToString().ToLowerInvariant()}, but must be a text or a number.");
        // The text of a JSON null is empty.
        return value.ToString();
    }

    private sealed record Columns(string[] All, string Image, string Label, string? Split, string? Weight);
}

/// <summary>The columns that a caller asks for; null for the usual names, an empty text for no such column.</summary>
internal sealed record ColumnNames(string? Image, string? Label, string? Split, string? Weight);

/// <summary>The names of the sets.</summary>
internal static class DataSplits
{
    /// <summary>The set that a folder's or a column's word names, in upper or lower case; null for any other word.</summary>
    internal static DataSplit? Parse(string word) => word.ToLowerInvariant() switch
    {
        "train" or "training" => DataSplit.Train,
        "val" or "valid" or "validation" or "dev" => DataSplit.Validation,
        "test" or "testing" => DataSplit.Test,
        _ => null,
    };

    internal static string Name(DataSplit split) => split switch
    {
        DataSplit.Train => "training",
        DataSplit.Validation => "validation",
        _ => "test",
    };
}
