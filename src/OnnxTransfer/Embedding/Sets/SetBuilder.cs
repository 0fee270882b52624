namespace OnnxTransfer.Embedding.Sets;

/// <summary>Makes a feature set, or goes on with one, in this process.</summary>
internal static class SetBuilder
{
    /// <inheritdoc cref="FeatureExtractor.EmbedToSetAsync"/>
    internal static async Task<FeatureSetRun> BuildAsync(
        ImageNetwork network, string path, IEnumerable<ImageInput> inputs, Func<string, string?>? label, FeatureSetOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var folder = new SetFolder(path);
        var (images, plan, pending, known) = await Task.Run(() => Begin(network, folder, inputs, label, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        var kept = known.Count(isKnown => isKnown);
        var run = await SetEmbedding.RunAsync(
            network, folder, plan, Parts().ToAsyncEnumerable(), (int)Math.Min(int.MaxValue, pending.Sum(part => (long)plan.ImagesIn(part))), (part, _) => known[part] = true, options.BatchSize, progress, cancellationToken).ConfigureAwait(false);
        var missing = await Task.Run(() => folder.TryFinish(plan, part => known[part], cancellationToken), cancellationToken).ConfigureAwait(false);
        return new FeatureSetRun(run, plan.Parts.Count, pending.Count, kept, missing);

        IEnumerable<PlannedPart> Parts() => pending.Select(part => new PlannedPart(part, images.Part(part, plan.PartSize)));
    }

    private static (SetImages Images, SetPlan Plan, IReadOnlyList<int> Pending, bool[] Known) Begin(
        ImageNetwork network, SetFolder folder, IEnumerable<ImageInput> inputs, Func<string, string?>? label, FeatureSetOptions options, CancellationToken cancellationToken)
    {
        var source = network.Source;
        var partSize = options.PartSize > 0 ? options.PartSize : folder.Plan()?.PartSize ?? FeatureSetOptions.UsualPartSize;
        if (partSize > SetPlan.LargestPart(source.Dim)) Throw.SetPartTooLarge(partSize, source.Dim, SetPlan.LargestPart(source.Dim));
        var images = SetImages.Of(inputs, options.Root, label);
        var plan = SetPlan.Of(images, partSize, source, options.Root);
        cancellationToken.ThrowIfCancellationRequested();
        folder.Claim(plan, images, options.Shard is not null);
        int[] share = [.. Enumerable.Range(0, plan.Parts.Count).Where(part => options.Shard?.Has(part) ?? true)];
        var found = folder.Check(plan, share, _ => true, cancellationToken);
        var known = new bool[plan.Parts.Count];
        for (var i = 0; i < share.Length; i++) known[share[i]] = found[i] is not null;
        return (images, plan, [.. share.Where(part => !known[part])], known);
    }
}
