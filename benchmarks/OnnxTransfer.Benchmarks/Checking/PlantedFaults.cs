using System.Globalization;
using SkiaSharp;

namespace OnnxTransfer.Benchmarks.Checking;

/// <summary>
/// Plants 10 exact duplicates, 10 near duplicates and 10 wrong labels into a folder of class folders, checks it, and says how many are found
/// (recall) and how many of the findings were planted (precision). Each round draws other images.
/// </summary>
internal static class PlantedFaults
{
    private const int Each = 10;

    internal static async Task<int> RunAsync(string backbone, string folder, int rounds)
    {
        using var extractor = await FeatureExtractor.LoadAsync(backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(Path.Combine(Path.GetTempPath(), "onnxtransfer-planted")) }).ConfigureAwait(false);
        var clean = ImageDataset.FromFolder(folder);
        var (exact, near, labels, doubtful) = (new Count(), new Count(), new Count(), new Count());
        for (var round = 0; round < rounds; round++)
        {
            var planted = new Planted(clean, seed: round + 1);
            var check = await DatasetCheck.RunAsync(extractor, planted.Dataset).ConfigureAwait(false);
            exact.Add(Pairs(check, FindingKind.Duplicate), planted.Exact);
            near.Add(Pairs(check, FindingKind.NearDuplicate), planted.Near);
            var suspects = check.Findings.Where(finding => finding.Kind == FindingKind.WrongLabel).Select(finding => (finding.Image!.Index, -1)).ToList();
            labels.Add([.. suspects], planted.Wrong);
            doubtful.Add([.. suspects.Take(Each)], planted.Wrong);
            foreach (var (image, other) in planted.Near.Except(Pairs(check, FindingKind.NearDuplicate))) Console.WriteLine($"round {round + 1} missed: {planted.Dataset.Images[image].Id} of {planted.Dataset.Images[other].Id}");
            foreach (var (image, other) in Pairs(check, FindingKind.NearDuplicate).Except(planted.Near)) Console.WriteLine($"round {round + 1} not planted: {planted.Dataset.Images[image].Id} and {planted.Dataset.Images[other].Id}");
        }

        Console.WriteLine($"{Path.GetFileName(folder)}, {clean.Images.Count} images, {Path.GetFileName(backbone)}, {rounds} rounds of {Each} each");
        exact.Print("exact duplicates");
        near.Print("near duplicates");
        labels.Print("wrong labels");
        doubtful.Print($"wrong labels, the {Each} most doubtful");
        return 0;
    }

    private static HashSet<(int, int)> Pairs(DatasetCheck check, FindingKind kind) =>
        [.. check.Findings.Where(finding => finding.Kind == kind).Select(finding => (Math.Max(finding.Image!.Index, finding.Other!.Index), Math.Min(finding.Image.Index, finding.Other.Index)))];

    private sealed class Count
    {
        private int _planted, _found, _right;

        internal void Add(HashSet<(int, int)> found, HashSet<(int, int)> planted)
        {
            _planted += planted.Count;
            _found += found.Count;
            _right += found.Intersect(planted).Count();
        }

        internal void Print(string name) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {name}: recall {(double)_right / _planted:0.000} ({_right} of {_planted}), precision {(_found == 0 ? 1 : (double)_right / _found):0.000} ({_right} of {_found})"));
    }

    private sealed class Planted
    {
        internal Planted(ImageDataset clean, int seed)
        {
            var random = new Random(seed);
            var drawn = Enumerable.Range(0, clean.Images.Count).ToArray();
            random.Shuffle(drawn);
            List<LabeledImage> images = [.. clean.Images];
            for (var i = 0; i < Each; i++)
            {
                var image = clean.Images[drawn[i]];
                Exact.Add((images.Count, drawn[i]));
                images.Add(new LabeledImage(ImageInput.FromFile(image.Id, $"copy of {image.Id}"), image.Label));
            }

            for (var i = Each; i < 2 * Each; i++)
            {
                var image = clean.Images[drawn[i]];
                var (name, bytes) = Version(image.Id, i % 3);
                Near.Add((images.Count, drawn[i]));
                images.Add(new LabeledImage(ImageInput.FromBytes(bytes, name), image.Label));
            }

            for (var i = 2 * Each; i < 3 * Each; i++)
            {
                var image = clean.Images[drawn[i]];
                string[] others = [.. clean.Classes.Where(label => label != image.Label)];
                Wrong.Add((drawn[i], -1));
                images[drawn[i]] = new LabeledImage(image.Image, others[random.Next(others.Length)]);
            }

            Dataset = ImageDataset.FromItems(images);
        }

        internal ImageDataset Dataset { get; }

        internal HashSet<(int, int)> Exact { get; } = [];

        internal HashSet<(int, int)> Near { get; } = [];

        internal HashSet<(int, int)> Wrong { get; } = [];

        private static (string Name, byte[] Bytes) Version(string path, int kind)
        {
            using var photo = SKBitmap.Decode(path);
            switch (kind)
            {
                case 0:
                    return ("re-encoded", Jpeg(photo, 60));
                case 1:
                    using (var half = photo.Resize(new SKImageInfo(photo.Width / 2, photo.Height / 2), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear)))
                        return ("half the size", Jpeg(half, 90));
                default:
                    var (x, y) = ((int)(0.025 * photo.Width), (int)(0.025 * photo.Height));
                    using (var part = new SKBitmap())
                    {
                        photo.ExtractSubset(part, new SKRectI(x, y, photo.Width - x, photo.Height - y));
                        using var crop = part.Copy();
                        return ("cropped", Jpeg(crop, 90));
                    }
            }
        }

        private static byte[] Jpeg(SKBitmap bitmap, int quality)
        {
            using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
            return data.ToArray();
        }
    }
}
