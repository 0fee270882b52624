using OnnxTransfer.Data;
using OnnxTransfer.Training.Auditing;

namespace OnnxTransfer.Training;

/// <summary>The usable images of a dataset, divided into sets: as the images say themselves, the others by percentages and a seed.</summary>
internal sealed class TrainingSets
{
    private readonly ImageDataset _dataset;
    private readonly EmbeddingResult _embedding;
    private readonly DataSplit[] _splitOfRow;
    private readonly int[]? _groups;

    /// <param name="dataset">The dataset.</param>
    /// <param name="embedding">Its feature vectors.</param>
    /// <param name="plan">The percentages, and the seed that decides which image goes where.</param>
    /// <param name="duplicates">The rows that are near duplicates; they are drawn together.</param>
    internal TrainingSets(ImageDataset dataset, EmbeddingResult embedding, TrainingPlan plan, IReadOnlyList<DuplicatePair>? duplicates = null)
    {
        (_dataset, _embedding) = (dataset, embedding);
        _groups = duplicates is null or [] ? null : DuplicatePair.Groups(duplicates, embedding.Indices.Count);
        _splitOfRow = [.. embedding.Indices.Select(index => dataset.Images[index].Split)];
        int[] open = [.. Enumerable.Range(0, _splitOfRow.Length).Where(row => _splitOfRow[row] == DataSplit.Auto)];
        var drawn = StratifiedSplit.Create([.. open.Select(ClassOf)], plan.Percentages(dataset), plan.Seed, _groups is null ? null : [.. open.Select(row => _groups[row])]);
        foreach (var i in drawn.Train) _splitOfRow[open[i]] = DataSplit.Train;
        foreach (var i in drawn.Validation) _splitOfRow[open[i]] = DataSplit.Validation;
        foreach (var i in drawn.Test) _splitOfRow[open[i]] = DataSplit.Test;
        Leaks = [.. (duplicates ?? []).Where(pair => _splitOfRow[pair.First] != _splitOfRow[pair.Second]).Select(Leak)];
        RequireEveryClass();
    }

    /// <summary>Near duplicates in different sets, which the data state themselves: all others were drawn together.</summary>
    internal IReadOnlyList<DatasetFinding> Leaks { get; }

    /// <summary>The rows of a set, ascending.</summary>
    internal IReadOnlyList<int> Rows(DataSplit split) => [.. Enumerable.Range(0, _splitOfRow.Length).Where(row => _splitOfRow[row] == split)];

    /// <summary>The vectors, labels and weights of a set; null if it is empty.</summary>
    internal LabeledFeatures? Features(DataSplit split)
    {
        var rows = Rows(split);
        if (rows.Count == 0) return null;
        float[] weights = [.. rows.Select(row => _dataset.Images[_embedding.Indices[row]].Weight)];
        return new LabeledFeatures(_embedding.Features.Select(rows), [.. rows.Select(ClassOf)], Array.TrueForAll(weights, weight => weight == 1) ? null : weights)
        {
            Groups = _groups is null ? null : [.. rows.Select(row => _groups[row])],
        };
    }

    /// <summary>What a classifier keeps of rows and of the copies of those to learn from.</summary>
    /// <param name="rows">Row numbers, ascending.</param>
    /// <param name="copies">The copies of the images to learn from among them.</param>
    /// <param name="classOf">The index of a class.</param>
    /// <param name="origin">What gave the vectors.</param>
    internal KeptFeatures Keep(IReadOnlyList<int> rows, TrainingCopies copies, Func<string, int> classOf, string origin)
    {
        int[] learned = [.. rows.Where(row => _splitOfRow[row] == DataSplit.Train)];
        return copies.Passes.Aggregate(
            Of(_embedding.Features.Select(rows), rows), (kept, pass) => kept.With(Of(pass.Features, [.. pass.Positions.Select(position => learned[position])])));

        KeptFeatures Of(FeatureMatrix features, IReadOnlyList<int> sources)
        {
            LabeledImage[] images = [.. sources.Select(row => _dataset.Images[_embedding.Indices[row]])];
            return new KeptFeatures(
                features, [.. images.Select(image => classOf(image.Label))], [.. sources.Select(row => _splitOfRow[row])], [.. images.Select(image => image.Weight)],
                [.. images.Select(image => image.Id)], origin);
        }
    }

    /// <summary>Every image of the dataset in its order, with what a classifier says about it.</summary>
    /// <param name="predict">The prediction for a row of the features.</param>
    internal IReadOnlyList<EvaluatedImage> Evaluate(Func<int, Prediction> predict)
    {
        var evaluated = new EvaluatedImage[_dataset.Images.Count];
        for (var row = 0; row < _splitOfRow.Length; row++)
        {
            var image = _dataset.Images[_embedding.Indices[row]];
            evaluated[_embedding.Indices[row]] = new EvaluatedImage(image.Id, image.Label, _splitOfRow[row], predict(row), null);
        }

        AddSkipped(evaluated, _dataset, _embedding);
        return evaluated;
    }

    /// <summary>The images that could not be used, with their classes and the sets they name.</summary>
    internal static IReadOnlyList<SkippedImage> SkippedOf(ImageDataset dataset, EmbeddingResult embedding)
    {
        var used = embedding.Indices.ToHashSet();
        return
        [
            .. Enumerable.Range(0, dataset.Images.Count).Where(index => !used.Contains(index)).Select(index => dataset.Images[index])
                .Zip(embedding.Skipped, (image, skipped) => skipped with { Label = image.Label, Split = image.Split }),
        ];
    }

    /// <summary>What makes images doubtful that were used, with their classes and the sets they name.</summary>
    internal IReadOnlyList<ImageWarning> Warnings() => WarningsOf(_dataset, _embedding);

    /// <inheritdoc cref="Warnings"/>
    internal static IReadOnlyList<ImageWarning> WarningsOf(ImageDataset dataset, EmbeddingResult embedding) =>
    [
        .. embedding.WarningsByIndex.OrderBy(pair => pair.Key).SelectMany(pair =>
            pair.Value.Select(warning => warning with { Label = dataset.Images[pair.Key].Label, Split = dataset.Images[pair.Key].Split })),
    ];

    /// <summary>Fills the places of the images that could not be used; what has no prediction was skipped, and both lists are in the order of the images.</summary>
    internal static void AddSkipped(EvaluatedImage?[] evaluated, ImageDataset dataset, EmbeddingResult embedding)
    {
        var skipped = new Queue<SkippedImage>(embedding.Skipped);
        for (var i = 0; i < evaluated.Length; i++)
        {
            if (evaluated[i] is not null) continue;
            var (image, why) = (dataset.Images[i], skipped.Dequeue());
            evaluated[i] = new EvaluatedImage(image.Id, image.Label, image.Split, null, why.Reason) { TimedOut = why.TimedOut };
        }
    }

    private DatasetFinding Leak(DuplicatePair pair)
    {
        // The image of the later set is the one that measures too well.
        var (early, late) = _splitOfRow[pair.First] < _splitOfRow[pair.Second] ? (pair.First, pair.Second) : (pair.Second, pair.First);
        return DatasetFinding.OfLeak(ImageOf(late), ImageOf(early), pair.Cosine, isExact: false);
    }

    private CheckedImage ImageOf(int row)
    {
        var index = _embedding.Indices[row];
        return new CheckedImage(index, _dataset.Images[index].Id, _dataset.Images[index].Label, _splitOfRow[row]);
    }

    private int ClassOf(int row) => _dataset.ClassIndices[_embedding.Indices[row]];

    private void RequireEveryClass()
    {
        var present = Rows(DataSplit.Train).Select(ClassOf).ToHashSet();
        for (var index = 0; index < _dataset.Classes.Count; index++)
        {
            if (!present.Contains(index)) Throw.ClassHasNoUsableImage(_dataset.Classes[index], _dataset.Source);
        }
    }
}
