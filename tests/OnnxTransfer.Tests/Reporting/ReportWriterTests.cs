using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Reporting;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Reporting;

public sealed partial class ReportWriterTests : IDisposable
{
    private const string Hostile = "<script>alert(1)</script>\"'&";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_paths_and_reasons_are_text_wherever_they_stand()
    {
        var skipped = new SkippedImage($"/photos/{Hostile}.jpg", $"It begins with {Hostile}.");
        var html = ReportWriter.ToHtml(SampleReport.Of([Hostile, "tulips"], [$"/gone/{Hostile}.png", "/gone/b.png"], skipped: [skipped]), SampleReport.Thumbnails);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Hostile, WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.DoesNotContain("\"'&", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_part_is_there_and_every_anchor_leads_somewhere()
    {
        var html = ReportWriter.ToHtml(SampleReport.Of(["daisy", "tulips"], [Photo(1), Photo(2), Photo(3)], skipped: [new SkippedImage("a.jpg", "It is empty.")]), SampleReport.Thumbnails);
        foreach (var text in new[] { "95% confidence interval", "Loss by epoch", "Accuracy by epoch", "Loss by step", "Accuracy by step", "Confusion matrix", "Precision", "Class balance", "How far to trust", "Most confident mistakes", "Closest calls", "It is empty.", "Images a second", "fingerprint" })
            Assert.Contains(text, html, StringComparison.Ordinal);
        foreach (Match anchor in AnchorPattern().Matches(html)) Assert.Contains($"id=\"{anchor.Groups[1].Value}\"", html, StringComparison.Ordinal);
        Assert.NotEmpty(AnchorPattern().Matches(html));
        Assert.Equal(PicturePattern().Count(html), Regex.Count(html, "<img "));
    }

    [Fact]
    public void Nothing_is_loaded_from_elsewhere()
    {
        var html = ReportWriter.ToHtml(SampleReport.Of(["daisy", "tulips"], [Photo(1), Photo(2)]), SampleReport.Thumbnails);
        Assert.Empty(ExternalPattern().Matches(html));
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Fact]
    public void It_stays_below_five_megabytes_with_many_classes_images_epochs_and_skips()
    {
        // Noise is what compresses worst.
        string[] photos = [.. Enumerable.Range(0, 100).Select(i => Photo(i, side: 300))];
        string[] labels = [.. Enumerable.Range(0, 1000).Select(c => $"a class with a rather long name, number {c}")];
        var skipped = Enumerable.Range(0, 5000).Select(i => new SkippedImage($"/a/long/folder/name/that/goes/on/{i}.jpg", "The JPEG image is truncated or damaged: premature end.")).ToList();
        var html = ReportWriter.ToHtml(SampleReport.Of(labels, photos, epochs: 5000, skipped), SampleReport.Thumbnails);
        Assert.InRange(Encoding.UTF8.GetByteCount(html), 1_000_000, 5_000_000);
        Assert.Contains("Shown are 200 of 5,000 images", html, StringComparison.Ordinal);
        Assert.Contains("The pairs of classes that are confused most", html, StringComparison.Ordinal);
    }

    /// <summary>No two cells off the diagonal are the same, so that no other order of rows and columns gives this page.</summary>
    [Fact]
    public void Rows_of_the_matrix_are_the_truth_and_its_columns_the_predictions()
    {
        int[][] confusion = [[5, 1, 2], [3, 6, 0], [4, 0, 7]];
        string[] labels = ["cat", "dog", "owl"];
        var html = ReportWriter.ToHtml(WithConfusion(labels, confusion), SampleReport.Thumbnails);
        var table = html[html.IndexOf("<table class=\"confusion", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("</table>", StringComparison.Ordinal)];
        Assert.Equal(labels, ColumnPattern().Matches(table).Select(column => column.Groups[1].Value));
        var rows = RowPattern().Matches(table);
        Assert.Equal(labels, rows.Select(row => row.Groups[1].Value));
        Assert.Equal(confusion, rows.Select(row => CellPattern().Matches(row.Value).Select(cell => int.Parse(cell.Groups[1].Value, CultureInfo.InvariantCulture))));
        Assert.Contains("title=\"dog predicted as cat: 3 of 9 (33.3%)\"", table, StringComparison.Ordinal);
        Assert.Contains("title=\"cat predicted as dog: 1 of 8 (12.5%)\"", table, StringComparison.Ordinal);
        Assert.Contains("title=\"cat predicted as owl: 2 of 8 (25.0%)\"", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_that_are_confused_name_the_true_class_first()
    {
        string[] labels = [.. Enumerable.Range(0, 30).Select(c => $"class{c:00}")];
        int[][] confusion = [.. Enumerable.Range(0, 30).Select(truth => Enumerable.Range(0, 30).Select(c => c == truth ? 10 : 0).ToArray())];
        (confusion[3][20], confusion[20][3], confusion[7][1]) = (5, 2, 1);
        var html = ReportWriter.ToHtml(WithConfusion(labels, confusion), SampleReport.Thumbnails);
        Assert.Equal(
            [("class03", "class20", "5", "33.3%"), ("class20", "class03", "2", "16.7%"), ("class07", "class01", "1", "9.1%")],
            PairPattern().Matches(html).Select(pair => (pair.Groups[1].Value, pair.Groups[2].Value, pair.Groups[3].Value, pair.Groups[4].Value)));
    }

    private static ReportContent WithConfusion(string[] labels, int[][] confusion)
    {
        var (rows, truths) = (new List<float[]>(), new List<int>());
        for (var truth = 0; truth < labels.Length; truth++)
        {
            for (var predicted = 0; predicted < labels.Length; predicted++)
            {
                for (var i = 0; i < confusion[truth][predicted]; i++)
                {
                    var row = Enumerable.Repeat(0.4f / (labels.Length - 1), labels.Length).ToArray();
                    row[predicted] = 0.6f;
                    rows.Add(row);
                    truths.Add(truth);
                }
            }
        }

        var result = Evaluator.Evaluate(MathNet.Numerics.LinearAlgebra.Matrix<float>.Build.DenseOfRowArrays(rows), truths, labels);
        return SampleReport.Of(labels, [.. truths.Select((_, i) => $"/gone/{i}.png")]) with
        {
            Sets = [new ScoredSet("test", result)],
            Judged = [.. truths.Select((truth, i) => new JudgedImage($"/gone/{i}.png", truth, rows[i]))],
        };
    }

    [Fact]
    public void Mistakes_begin_with_the_surest_and_closest_calls_with_the_least_sure()
    {
        var content = SampleReport.Of(["cat", "dog"], ["a", "b", "c", "d"]) with
        {
            Judged =
            [
                new JudgedImage("/gone/a.png", 0, [0.4f, 0.6f]), new JudgedImage("/gone/b.png", 0, [0.1f, 0.9f]),
                new JudgedImage("/gone/c.png", 0, [0.25f, 0.75f]), new JudgedImage("/gone/d.png", 0, [0.55f, 0.45f]),
            ],
        };
        var html = ReportWriter.ToHtml(content, SampleReport.Thumbnails);
        Assert.Equal(["b", "c", "a"], NamesIn(html, "mistakes"));
        // What stands among the mistakes is not shown once more.
        Assert.Equal(["d"], NamesIn(html, "unsure"));
        // The chance of the true class stands beside it, and not that of the predicted one.
        Assert.Contains($"is cat ({Words.Chance(0.1f)})", html, StringComparison.Ordinal);
        Assert.DoesNotContain($"is cat ({Words.Chance(0.9f)})", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_is_spread_over_all_images()
    {
        var content = SampleReport.Of(["cat", "dog"], ["a", "b"]) with { Judged = [.. Enumerable.Range(0, 120).Select(i => new JudgedImage($"/gone/{i}.png", 0, [1, 0]))] };
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{(3 * i) + 1}"), NamesIn(ReportWriter.ToHtml(content, SampleReport.Thumbnails), "predictions"));
    }

    private static IEnumerable<string> NamesIn(string html, string section)
    {
        var rest = html[html.IndexOf($"id=\"{section}\"", StringComparison.Ordinal)..];
        return GonePattern().Matches(rest[..rest.IndexOf("</section>", StringComparison.Ordinal)]).Select(gone => gone.Groups[1].Value);
    }

    [Fact]
    public void An_image_that_is_gone_is_said_to_be()
    {
        var html = ReportWriter.ToHtml(SampleReport.Of(["daisy", "tulips"], [Photo(1), "/gone/away.png"]), SampleReport.Thumbnails);
        Assert.Contains("The file away.png can no longer be read.", html, StringComparison.Ordinal);
        Assert.Contains("data:image/jpeg", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_there_whole_or_not_at_all()
    {
        var path = _folder.File("report.html");
        ReportWriter.Write(path, SampleReport.Of(["daisy", "tulips"], [Photo(1), Photo(2)]), SampleReport.Thumbnails);
        Assert.EndsWith("</html>\n", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => ReportWriter.Write(Path.Combine(_folder.Path, "no", "report.html"), SampleReport.Of(["a", "b"], ["c", "d"]), SampleReport.Thumbnails));
    }

    private string Photo(int seed, int side = 40)
    {
        var path = _folder.File($"{seed}-{side}.png");
        if (side == 40)
        {
            File.WriteAllBytes(path, TestImage.NoisyPng(side, side, (200, 120, 40), seed));
            return path;
        }

        var noise = new byte[3 * side * side];
        new Random(seed).NextBytes(noise);
        File.WriteAllBytes(path, TestImage.Png(side, side, noise));
        return path;
    }

    [GeneratedRegex("<th scope=\"col\">([^<]*)</th>")]
    private static partial Regex ColumnPattern();

    [GeneratedRegex("<tr>\\s*(?:<td class=\"axis-name\"[^>]*>true class</td>\\s*)?<th scope=\"row\">([^<]*)</th>.*?</tr>", RegexOptions.Singleline)]
    private static partial Regex RowPattern();

    [GeneratedRegex("<td [^>]*>(\\d+)</td>")]
    private static partial Regex CellPattern();

    [GeneratedRegex("<tr><td>([^<]*)</td><td>([^<]*)</td><td class=\"number\">([^<]*)</td><td class=\"number\">([^<]*)</td></tr>")]
    private static partial Regex PairPattern();

    [GeneratedRegex("href=\"#([^\"]*)\"")]
    private static partial Regex AnchorPattern();

    [GeneratedRegex("<img src=\"data:image/jpeg;base64,[A-Za-z0-9+/=]+\" alt=\"[^\"]+\"")]
    private static partial Regex PicturePattern();

    [GeneratedRegex("(src|href)=\"(?!data:|#)|url\\(|@import|<link|<iframe", RegexOptions.IgnoreCase)]
    private static partial Regex ExternalPattern();

    [GeneratedRegex(@"The file (\w+)\.png can no longer be read")]
    private static partial Regex GonePattern();
}
