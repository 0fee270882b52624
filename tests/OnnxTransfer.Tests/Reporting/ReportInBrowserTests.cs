using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Reporting;

/// <summary>A report of a real training, opened in a real browser.</summary>
public sealed class ReportInBrowserTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ChromiumFact]
    public async Task A_report_loads_every_image_without_a_complaint()
    {
        var report = await WriteReportAsync();
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

    private async Task<string> WriteReportAsync()
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
        var result = await ImageClassifier.TrainAsync(
            extractor, ImageDataset.FromFolder(Path.Combine(_folder.Path, "photos")), new TrainingPlan { Epochs = 5, Split = new SplitPercentages(50, 20, 30) });
        var report = _folder.File("report.html");
        result.WriteReport(report);
        return report;
    }
}
