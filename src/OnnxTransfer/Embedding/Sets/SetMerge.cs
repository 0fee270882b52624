using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>Brings the shards of one plan, each in a folder of its own, together in one folder.</summary>
internal static class SetMerge
{
    /// <inheritdoc cref="FeatureSet.Merge"/>
    internal static void Run(IReadOnlyList<string> folders, string target, CancellationToken cancellationToken)
    {
        SetFolder[] sources = [.. folders.Select(folder => new SetFolder(folder))];
        var plan = CommonPlan(sources);
        var goal = new SetFolder(target);
        var kept = Directory.Exists(target) ? goal.PartsThere() : [];
        var there = sources.Select(source => source.PartsThere()).ToArray();
        // For each part the folder that it comes from; null where the target has it.
        var origin = new SetFolder?[plan.Parts.Count];
        var problems = new string?[origin.Length];
        // Kept and thrown below: an exception of a parallel loop would come wrapped.
        var conflicts = new IOException?[origin.Length];
        Parallel.For(0, origin.Length, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Cores.Count(0) }, part =>
        {
            var name = plan.Parts[part];
            SoundPart? first = kept.Contains(name) ? goal.Check(plan, part, withNumbers: true, out _) : null;
            var from = first is null ? null : goal;
            for (var i = 0; i < sources.Length; i++)
            {
                if (!there[i].Contains(name)) continue;
                var sound = sources[i].Check(plan, part, withNumbers: true, out var problem);
                if (sound is null) problems[part] ??= $"'{name}' in '{sources[i].Path}', which {problem}";
                else if (first is null) (first, from) = (sound, sources[i]);
                else if (sound != first) conflicts[part] = Throw.MergePartTwice(name, from!.Path, sources[i].Path);
            }

            if (first is not null) problems[part] = null;
            else problems[part] ??= $"'{name}'";
            origin[part] = ReferenceEquals(from, goal) ? null : from;
        });
        if (conflicts.FirstOrDefault(conflict => conflict is not null) is { } twice) throw twice;
        string[] gaps = [.. problems.OfType<string>()];
        if (gaps.Length > 0) throw Throw.MergeHasGaps(gaps, origin.Length);

        goal.ClaimForMerge(plan);
        for (var part = 0; part < origin.Length; part++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (origin[part] is { } source) goal.CopyFrom(source, plan.Parts[part]);
        }

        var missing = goal.TryFinish(plan, _ => true, cancellationToken);
        if (missing.Count > 0) throw Throw.SetNotComplete(target, missing.Count, plan.Parts.Count);
    }

    private static SetPlan CommonPlan(SetFolder[] sources)
    {
        SetPlan? common = null;
        foreach (var source in sources)
        {
            if (!Directory.Exists(source.Path)) Throw.FolderNotFound(source.Path);
            var plan = source.Plan() ?? source.Manifest()?.Plan ?? throw Throw.NotASet(source.Path);
            common ??= plan;
            if (plan.IsSameAs(common)) continue;
            var difference = plan.Network.Sha256 != common.Network.Sha256 ? $"another network or preprocessing ({plan.Network.DifferenceFrom(common.Network)})"
                : plan.PartSize != common.PartSize ? $"{common.PartSize} images in a part and not {plan.PartSize}"
                : "another list of images";
            throw Throw.MergeOfOtherPlans(sources[0].Path, source.Path, difference);
        }

        return common!;
    }
}
