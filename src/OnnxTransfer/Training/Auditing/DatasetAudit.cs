using System.Globalization;
using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Training.Auditing;

/// <summary>What was found.</summary>
/// <param name="Findings">By kind, then in the order of the images or the most doubtful first.</param>
/// <param name="Notes">What could not be checked, and why; each in one sentence.</param>
/// <param name="OutOfFoldAccuracy">The share of labels that the out-of-fold head predicts, in [0, 1]; null if labels were not checked.</param>
internal sealed record AuditResult(IReadOnlyList<DatasetFinding> Findings, IReadOnlyList<string> Notes, double? OutOfFoldAccuracy);

/// <summary>All checks of a dataset whose images are embedded and read.</summary>
internal sealed class DatasetAudit
{
    private const double RareShare = 0.1;

    private readonly ImageDataset _dataset;
    private readonly EmbeddingResult _embedding;
    private readonly SampledImage?[] _samples;
    private readonly CheckedImage[] _images;
    private readonly List<string> _notes = [];

    /// <param name="dataset">The dataset.</param>
    /// <param name="embedding">The vectors of its images.</param>
    /// <param name="samples">For each row of the vectors what the photo tells; null for a photo that is gone.</param>
    internal DatasetAudit(ImageDataset dataset, EmbeddingResult embedding, SampledImage?[] samples)
    {
        (_dataset, _embedding, _samples) = (dataset, embedding, samples);
        _images = [.. embedding.Indices.Select(Image)];
    }

    internal AuditResult Run(DatasetCheckOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var firstOf = FirstOfContent();
        int[] first = [.. Enumerable.Range(0, firstOf.Length).Where(row => firstOf[row] == row)];
        var features = first.Length == firstOf.Length ? _embedding.Features : _embedding.Features.Select(first);
        var search = DuplicateSearch.Run(features, DuplicateSearch.PartOfUsualDistance, row => _samples[first[row]]?.Sample, cancellationToken: cancellationToken);
        if (!search.IsComplete) _notes.Add(string.Create(CultureInfo.InvariantCulture, $"More than {DuplicateSearch.MostCandidates:N0} pairs are near each other, and only the nearest were compared: further near duplicates are not listed."));
        var duplicates = new DuplicateFindings(_images, firstOf, [.. search.Pairs.Select(pair => pair with { First = first[pair.First], Second = first[pair.Second] })]);
        List<DatasetFinding> findings = [.. Unreadable(), .. duplicates.Find(), .. RareClasses(), .. QualityChecks.Find(_images, [.. _samples.Select(sample => sample?.Statistics)])];
        findings.AddRange(FarImages(features, first, progress, cancellationToken));
        var (labels, accuracy) = WrongLabels(duplicates.Groups(), options, cancellationToken);
        findings.AddRange(labels);
        return new AuditResult([.. findings.OrderBy(finding => finding.Kind)], _notes, accuracy);
    }

    private int[] FirstOfContent()
    {
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        var firstOf = new int[_images.Length];
        for (var row = 0; row < firstOf.Length; row++)
        {
            firstOf[row] = row;
            if (_samples[row] is not { } sample) continue;
            var key = Convert.ToHexString(sample.ContentKey);
            if (!rows.TryAdd(key, row)) firstOf[row] = rows[key];
        }

        return firstOf;
    }

    private IEnumerable<DatasetFinding> Unreadable()
    {
        var used = _embedding.Indices.ToHashSet();
        return Enumerable.Range(0, _dataset.Images.Count).Where(index => !used.Contains(index))
            .Zip(_embedding.Skipped, (index, skipped) => new DatasetFinding(FindingKind.Unreadable, Image(index), skipped.Reason));
    }

    private IEnumerable<DatasetFinding> RareClasses()
    {
        var counts = _images.CountBy(image => image.Label, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        foreach (var label in _dataset.Classes)
        {
            var count = counts.GetValueOrDefault(label);
            var share = _images.Length == 0 ? 0 : (double)count / _images.Length;
            if (share >= RareShare / _dataset.Classes.Count || _images.Length == 0) continue;
            yield return new DatasetFinding(
                FindingKind.RareClass, null, string.Create(CultureInfo.InvariantCulture, $"'{label}' has {count} of {_images.Length} usable images, less than a tenth of an equal share ({_images.Length / (double)_dataset.Classes.Count:0})."))
            {
                Label = label,
                Score = share,
            };
        }
    }

    /// <param name="features">The vectors of the first image of each content: a copy would be a near neighbor of an outlier.</param>
    /// <param name="first">Their rows.</param>
    /// <param name="progress">Receives the rows that are done.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    private List<DatasetFinding> FarImages(FeatureMatrix features, int[] first, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        int[] usable = [.. Enumerable.Range(0, features.RowCount).Where(row => NeighborSearch.HasDirection(VectorLength.Of(features.Row(row))))];
        if (usable.Length < Outliers.LeastRows)
        {
            _notes.Add($"Outliers were not looked for: {usable.Length} different images are too few to know how far from each other images usually are (at least {Outliers.LeastRows}).");
            return [];
        }

        var distances = Outliers.Distances(usable.Length == features.RowCount ? features : features.Select(usable), progress, cancellationToken);
        var fence = Outliers.Fence(distances);
        return
        [
            .. Enumerable.Range(0, distances.Length).Where(i => distances[i] > fence).OrderByDescending(i => distances[i]).Select(i => new DatasetFinding(
                FindingKind.Outlier, _images[first[usable[i]]], FormattableString.Invariant($"The mean distance to the ten nearest images is {distances[i]:0.000} (limit {fence:0.000})."))
            {
                Score = distances[i],
            }),
        ];
    }

    private (List<DatasetFinding> Findings, double? Accuracy) WrongLabels(int[] groups, DatasetCheckOptions options, CancellationToken cancellationToken)
    {
        int[] labels = [.. _embedding.Indices.Select(index => _dataset.ClassIndices[index])];
        var groupCount = groups.Distinct().Count();
        if (labels.Distinct().Count() < 2 || groupCount < 2L * options.FoldCount)
        {
            _notes.Add(labels.Distinct().Count() < 2
                ? "Labels were not checked: there is only one class with usable images."
                : $"Labels were not checked: {groupCount} different images are too few for {options.FoldCount} folds (at least {2L * options.FoldCount}).");
            return ([], null);
        }

        var rows = new LabeledFeatures(_embedding.Features, labels) { Groups = groups };
        var probabilities = OutOfFold.Probabilities(rows, _dataset.Classes.Count, options.FoldCount, options.Seed, null, cancellationToken);
        var right = Enumerable.Range(0, labels.Length).Count(row => Argmax.Of<float>(probabilities[row]) == labels[row]);
        return (
            [
                .. ConfidentLearning.Find(probabilities, labels, _dataset.Classes.Count).Select(suspect => new DatasetFinding(
                    FindingKind.WrongLabel,
                    _images[suspect.Row],
                    FormattableString.Invariant($"Probably '{_dataset.Classes[suspect.Suggested]}' ({100 * probabilities[suspect.Row][suspect.Suggested]:0} %), not '{_images[suspect.Row].Label}' ({100 * suspect.Confidence:0} %)."))
                {
                    Label = _dataset.Classes[suspect.Suggested],
                    Score = suspect.Confidence,
                }),
            ],
            (double)right / labels.Length);
    }

    private CheckedImage Image(int index) => new(index, _dataset.Images[index].Id, _dataset.Images[index].Label, _dataset.Images[index].Split);
}
