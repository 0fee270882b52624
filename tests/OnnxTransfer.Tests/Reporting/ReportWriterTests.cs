using System.Net;
using System.Text;
using System.Text.RegularExpressions;
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
        Assert.Contains("The pairs of classes confused most", html, StringComparison.Ordinal);
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

    [GeneratedRegex("href=\"#([^\"]*)\"")]
    private static partial Regex AnchorPattern();

    [GeneratedRegex("<img src=\"data:image/jpeg;base64,[A-Za-z0-9+/=]+\" alt=\"[^\"]+\"")]
    private static partial Regex PicturePattern();

    [GeneratedRegex("(src|href)=\"(?!data:|#)|url\\(|@import|<link|<iframe", RegexOptions.IgnoreCase)]
    private static partial Regex ExternalPattern();
}
