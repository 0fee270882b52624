using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Reporting;

/// <summary>A report of a real training, opened in a real browser.</summary>
public sealed class ReportInBrowserTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ChromiumTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_report_loads_every_image_without_a_complaint(bool tuned)
    {
        var report = await WriteReportAsync(tuned);
        Assert.InRange(new FileInfo(report).Length, 20_000, 5_000_000);

        await using var browser = await Chromium.OpenAsync(report);
        var images = await browser.EvaluateAsync("document.images.length");
        var loaded = await browser.EvaluateAsync("Promise.all([...document.images].map(image => image.decode())).then(() => [...document.images].filter(image => image.naturalWidth > 0).length)");
        Assert.Equal(images.GetInt32(), loaded.GetInt32());
        Assert.InRange(images.GetInt32(), 10, 200);
        Assert.Equal(0, (await browser.EvaluateAsync("document.scripts.length")).GetInt32());
        // Nothing sticks out to the side on a telephone's width either.
        Assert.True((await browser.EvaluateAsync("document.documentElement.scrollWidth <= document.documentElement.clientWidth")).GetBoolean());
        var unnamed = await browser.EvaluateAsync("[...document.querySelectorAll('svg[role=img]')].filter(svg => !svg.querySelector('title')?.textContent || !svg.querySelector('desc')?.textContent).length");
        Assert.Equal(0, unnamed.GetInt32());
        Assert.Empty(browser.Complaints);
    }

    /// <summary>At the width of a telephone, names are broken between words at most, and nothing is drawn beside the page.</summary>
    [ChromiumTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_report_can_be_read_on_a_telephone(bool tuned)
    {
        await using var browser = await Chromium.OpenAsync(await WriteReportAsync(tuned));
        await browser.ShowAsync(420);
        var broken = await browser.EvaluateAsync("""
            [...document.querySelectorAll('th[scope=row], td')].filter(cell => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                const lines = new Set([...range.getClientRects()].map(line => Math.round(line.top))).size;
                return !cell.querySelector('.file') && lines > cell.textContent.trim().split(/[\s-]+/).length;
            }).map(cell => cell.textContent)
            """);
        Assert.Equal([], broken.EnumerateArray().Select(text => text.GetString()));
        Assert.True((await browser.EvaluateAsync("document.documentElement.scrollWidth <= document.documentElement.clientWidth")).GetBoolean());
        // The contents stay in sight.
        var top = await browser.EvaluateAsync("scrollTo(0, 3000), document.querySelector('nav').getBoundingClientRect().top");
        Assert.Equal(0, top.GetDouble(), 1);
    }

    [ChromiumTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_has_contrast_in_light_and_dark_colors(bool dark)
    {
        await using var browser = await Chromium.OpenAsync(await WriteReportAsync());
        await browser.ShowAsync(1200, dark);
        // WCAG 2's contrast of the ink and of the muted ink to the paper, the card and the wash: at least 4.5.
        var contrasts = await browser.EvaluateAsync("""
            (() => {
                const style = getComputedStyle(document.documentElement);
                const light = name => {
                    const hex = style.getPropertyValue(name).trim();
                    const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.substr(i, 2), 16) / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                return ['--ink', '--muted', '--right', '--wrong', '--train', '--validation'].flatMap(ink => ['--paper', '--card'].map(ground => {
                    const [a, b] = [light(ink), light(ground)];
                    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                }));
            })()
            """);
        Assert.All(contrasts.EnumerateArray(), contrast => Assert.InRange(contrast.GetDouble(), 4.5, 21));
        Assert.Equal(dark, (await browser.EvaluateAsync("matchMedia('(prefers-color-scheme: dark)').matches")).GetBoolean());
    }

    private async Task<string> WriteReportAsync(bool tuned = false)
    {
        var backbone = _folder.File("tiny.onnx");
        TinyBackbone.Write(backbone);
        for (var i = 0; i < 20; i++)
        {
            File.WriteAllBytes(_folder.File("photos", "orange & 'ripe'", $"{i}.png"), TestImage.NoisyPng(40, 30, (230, 130, 20), i));
            File.WriteAllBytes(_folder.File("photos", "cyan", $"{i}.png"), TestImage.NoisyPng(30, 40, (20, 200, 210), 100 + i));
        }

        File.WriteAllText(_folder.File("photos", "cyan", "text.png"), "no image");
        using var extractor = FeatureExtractor.Load(backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var plan = tuned ? new TrainingPlan { Tuning = new TuningOptions() } : new TrainingPlan { Epochs = 5 };
        var result = await ImageClassifier.TrainAsync(
            extractor, ImageDataset.FromFolder(Path.Combine(_folder.Path, "photos")), plan with { Split = new SplitPercentages(50, 20, 30) });
        var report = _folder.File("report.html");
        result.WriteReport(report);
        return report;
    }
}
