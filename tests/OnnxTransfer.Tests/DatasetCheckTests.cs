using OnnxTransfer.TestSupport;
using SkiaSharp;

namespace OnnxTransfer.Tests;

/// <summary>Faults that are planted into drawn photos are found, and little else; on ResNet-18, which is beside the tests.</summary>
public sealed class DatasetCheckTests : IClassFixture<DatasetCheckTests.Network>
{
    private const int PerClass = 40;

    private readonly FeatureExtractor _extractor;

    public DatasetCheckTests(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _extractor = network.Extractor;
    }

    public sealed class Network : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Network() => Extractor = FeatureExtractor.Load("resnet18", new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(_folder.File("cache")) });

        public FeatureExtractor Extractor { get; }

        public void Dispose()
        {
            Extractor.Dispose();
            _folder.Dispose();
        }
    }

    [Fact]
    public async Task Planted_faults_are_found()
    {
        var images = Clean();
        HashSet<(string, string)> exact = [], near = [];
        HashSet<string> wrong = [];
        for (var i = 0; i < 10; i++)
        {
            var label = DrawnPhotos.Labels[i % 2];
            using var photo = DrawnPhotos.Draw(label, i);
            images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(photo), $"copy {i}"), label));
            exact.Add(($"copy {i}", Id(label, i)));

            using var other = DrawnPhotos.Draw(label, 10 + i);
            using var half = DrawnPhotos.Resized(other, 0.5);
            using var crop = DrawnPhotos.Cropped(other, 0.05);
            images.Add(new LabeledImage(ImageInput.FromBytes((i % 3) switch { 0 => DrawnPhotos.Jpeg(other, 60), 1 => DrawnPhotos.Png(half), _ => DrawnPhotos.Png(crop) }, $"version {i}"), label));
            near.Add(($"version {i}", Id(label, 10 + i)));

            var at = images.FindIndex(image => image.Id == Id(label, 20 + i));
            images[at] = new LabeledImage(images[at].Image, DrawnPhotos.Labels[(i + 1) % 2]);
            wrong.Add(images[at].Id);
        }

        var check = await DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems(images));
        AssertFound(exact, [.. Pairs(check, FindingKind.Duplicate)], recall: 1, precision: 1);
        AssertFound(near, [.. Pairs(check, FindingKind.NearDuplicate)], recall: 0.9, precision: 1);
        AssertFound(wrong, [.. Of(check, FindingKind.WrongLabel).Select(finding => finding.Image!.Id)], recall: 0.9, precision: 0.8);
        Assert.Empty(check.Notes);
        Assert.InRange(check.OutOfFoldAccuracy!.Value, 0.8, 1);
        Assert.All(Of(check, FindingKind.WrongLabel), finding => Assert.NotEqual(finding.Label, finding.Image!.Label));
        Assert.Empty(Of(check, FindingKind.Leak).Concat(Of(check, FindingKind.Contradiction)).Concat(Of(check, FindingKind.Unreadable)));
    }

    [Fact]
    public async Task Copies_across_sets_leak_and_copies_across_classes_contradict()
    {
        using var photo = DrawnPhotos.Draw("disks", 1);
        using var crop = DrawnPhotos.Cropped(photo, 0.05);
        var images = Clean().Select((image, i) => image with { Split = i % 4 == 0 ? DataSplit.Test : DataSplit.Train }).ToList();
        var original = images.Single(image => image.Id == Id("disks", 1));
        Assert.Equal(DataSplit.Train, original.Split);
        images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(photo), "copy"), "disks") { Split = DataSplit.Test });
        images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(photo), "misfiled"), "stripes") { Split = DataSplit.Train });
        images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Jpeg(crop, 90), "crop"), "disks") { Split = DataSplit.Validation });

        var check = await DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems(images));
        Assert.Equal([("copy", original.Id), ("misfiled", original.Id)], Pairs(check, FindingKind.Duplicate));
        Assert.Equal([("crop", original.Id)], Pairs(check, FindingKind.NearDuplicate));
        Assert.Equal([("copy", original.Id), ("crop", original.Id), ("copy", "crop")], Pairs(check, FindingKind.Leak));
        Assert.Equal([("misfiled", original.Id), ("crop", "misfiled")], Pairs(check, FindingKind.Contradiction));
        var leak = Of(check, FindingKind.Leak).First();
        Assert.Equal((DataSplit.Test, DataSplit.Train), (leak.Image!.Split, leak.Other!.Split));
        Assert.Contains("the same file", leak.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Training_warns_of_leaks_and_keeps_versions_of_a_picture_in_one_set()
    {
        using var photo = DrawnPhotos.Draw("disks", 0);
        var given = Clean().Take(30).Concat(Clean().TakeLast(30)).Select(image => image with { Split = DataSplit.Train })
            .Append(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Jpeg(photo, 80), "leaked"), "disks") { Split = DataSplit.Test });
        var leaking = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(given));
        using (leaking.Classifier)
        {
            var leak = Assert.Single(leaking.Leaks);
            Assert.Equal((FindingKind.Leak, "leaked", Id("disks", 0)), (leak.Kind, leak.Image!.Id, leak.Other!.Id));
        }

        // Three versions of every fourth photo. With the search, no photo is in two sets, in any draw.
        List<LabeledImage> open = [];
        foreach (var label in DrawnPhotos.Labels)
        {
            for (var i = 0; i < 12; i++)
            {
                using var one = DrawnPhotos.Draw(label, i);
                open.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(one), $"{label} {i}"), label));
                if (i % 4 != 0) continue;
                for (var quality = 60; quality <= 80; quality += 20) open.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Jpeg(one, quality), $"{label} {i}"), label));
            }
        }

        var torn = 0;
        for (var seed = 1; seed <= 4; seed++)
        {
            foreach (var keep in new[] { true, false })
            {
                var plan = new TrainingPlan { Seed = seed, Split = new SplitPercentages(60, 20, 20), KeepDuplicatesTogether = keep };
                var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(open), plan);
                using var classifier = result.Classifier;
                var sets = result.Images.GroupBy(image => image.Id).Count(versions => versions.Select(image => image.Split).Distinct().Count() > 1);
                Assert.Empty(result.Leaks);
                if (keep) Assert.Equal(0, sets);
                else torn += sets;
            }
        }

        Assert.True(torn > 0, "without the search, versions of a picture are in several sets");
    }

    [Fact]
    public async Task Bad_photos_are_named_by_what_is_wrong_with_them()
    {
        var images = Clean();
        Add("dark", DrawnPhotos.Plain(240, 180, 20));
        Add("light", DrawnPhotos.Plain(240, 180, 252));
        using (var photo = DrawnPhotos.Draw("disks", 5)) Add("blurred", DrawnPhotos.Blurred(photo, 12));
        using (var photo = DrawnPhotos.Draw("disks", 6)) Add("long", photo.Resize(new SKImageInfo(600, 100), SKSamplingOptions.Default));
        using (var photo = DrawnPhotos.Draw("disks", 7)) Add("tiny", DrawnPhotos.Resized(photo, 0.1));
        images.Add(new LabeledImage(ImageInput.FromBytes("no image"u8.ToArray(), "broken"), "disks"));
        images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(DrawnPhotos.Draw("stripes", 99)), "lonely"), "rare"));

        var check = await DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems(images));
        Assert.Equal(["dark"], Ids(FindingKind.Dark));
        Assert.Equal(["light"], Ids(FindingKind.Light));
        Assert.Equal(["dark", "light"], Ids(FindingKind.LowInformation));
        Assert.Contains("blurred", Ids(FindingKind.Blurred));
        Assert.InRange(Ids(FindingKind.Blurred).Count, 1, 3);
        Assert.Equal(["long"], Ids(FindingKind.OddAspect));
        Assert.Contains("tiny", Ids(FindingKind.OddSize));
        Assert.Equal(["broken"], Ids(FindingKind.Unreadable));
        Assert.Equal("rare", Assert.Single(Of(check, FindingKind.RareClass)).Label);
        Assert.Null(check.Statistics[images.FindIndex(image => image.Id == "broken")]);
        Assert.Equal((600, 100), (check.Statistics[images.FindIndex(image => image.Id == "long")]!.Width, check.Statistics[images.FindIndex(image => image.Id == "long")]!.Height));
        Assert.Equal(check.Findings.OrderBy(finding => finding.Kind), check.Findings);

        using var folder = new TempFolder();
        check.WriteReport(folder.File("check.html"));
        var page = File.ReadAllText(folder.File("check.html"));
        foreach (var heading in new[] { "Dark", "Light", "Blurred", "Odd shape", "Odd size", "Unreadable", "Rare classes" }) Assert.Contains($">{heading}</h2>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);

        void Add(string id, SKBitmap bitmap)
        {
            using (bitmap) images.Add(new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(bitmap), id), "disks"));
        }

        List<string> Ids(FindingKind kind) => [.. Of(check, kind).Select(finding => finding.Image!.Id)];
    }

    [Fact]
    public async Task What_cannot_be_checked_is_said()
    {
        var check = await DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems(Clean().Take(3)));
        Assert.Equal(2, check.Notes.Count);
        Assert.Contains("only one class", check.Notes[1], StringComparison.Ordinal);
        Assert.Null(check.OutOfFoldAccuracy);
        await Assert.ThrowsAsync<DatasetException>(() => DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems([new LabeledImage(ImageInput.FromBytes(new byte[] { 1 }), "a")])));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DatasetCheckOptions { FoldCount = 1 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DatasetCheck.RunAsync(_extractor, ImageDataset.FromItems(Clean()), cancellationToken: new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Similar_images_come_by_their_cosine()
    {
        ImageInput[] images = [.. Clean().Select(image => image.Image), ImageInput.FromBytes("no image"u8.ToArray(), "broken")];
        using var photo = DrawnPhotos.Draw("stripes", 4);
        var similar = await SimilarImages.FindAsync(_extractor, ImageInput.FromBytes(DrawnPhotos.Jpeg(photo, 85), "query"), images, count: 5);
        Assert.Equal(5, similar.Images.Count);
        Assert.Equal(Id("stripes", 4), similar.Images[0].Id);
        Assert.Equal(images[similar.Images[0].Index].Id, similar.Images[0].Id);
        Assert.Equal(similar.Images.OrderByDescending(image => image.Cosine), similar.Images);
        Assert.Equal("broken", Assert.Single(similar.Skipped).Id);

        using var folder = new TempFolder();
        await similar.WriteReportAsync(folder.File("similar.html"));
        var page = File.ReadAllText(folder.File("similar.html"));
        Assert.Equal(6, page.Split("<img ").Length - 1);
    }

    private static List<LabeledImage> Clean() =>
    [
        .. DrawnPhotos.Labels.SelectMany(label => Enumerable.Range(0, PerClass).Select(seed =>
        {
            using var photo = DrawnPhotos.Draw(label, seed);
            return new LabeledImage(ImageInput.FromBytes(DrawnPhotos.Png(photo), Id(label, seed)), label);
        })),
    ];

    private static string Id(string label, int seed) => $"{label} {seed}";

    private static IEnumerable<DatasetFinding> Of(DatasetCheck check, FindingKind kind) => check.Findings.Where(finding => finding.Kind == kind);

    private static IEnumerable<(string, string)> Pairs(DatasetCheck check, FindingKind kind) => Of(check, kind).Select(finding => (finding.Image!.Id, finding.Other!.Id));

    private static void AssertFound<T>(HashSet<T> planted, HashSet<T> found, double recall, double precision)
    {
        var right = found.Intersect(planted).Count();
        Assert.True(right >= recall * planted.Count, $"found {right} of {planted.Count}: {string.Join(", ", planted.Except(found))} not");
        Assert.True(right >= precision * found.Count, $"{right} of {found.Count} are right: {string.Join(", ", found.Except(planted))} not");
    }
}
