namespace OnnxTransfer.Data;

/// <summary>Recognizes a folder of sets: <c>train/</c>, <c>val/</c> and <c>test/</c>, each with the same class folders.</summary>
internal static class SplitFolders
{
    /// <summary>The sets of a folder, training first; null if its sub-folders are classes.</summary>
    /// <exception cref="DatasetException">The sub-folders are named as sets, but do not hold the same classes.</exception>
    internal static IReadOnlyList<(string Folder, DataSplit Split)>? Find(string path, FolderContents contents)
    {
        var top = contents.FoldersIn("");
        var sets = top.Select(folder => (Folder: folder, Split: FolderSplit(folder))).Where(one => one.Split is not null)
            .Select(one => (one.Folder, Split: one.Split!.Value)).OrderBy(one => one.Split).ToList();
        if (sets.Count == 0) return null;
        var classes = sets.Select(set => contents.FoldersIn(set.Folder)).ToList();
        if (sets.Count < top.Count)
        {
            // One class may be called "train" beside others, but classes called "train" and "test" with folders in both are sets.
            if (sets.Count < 2 || classes.Exists(folders => folders.Count == 0)) return null;
            Throw.SplitFoldersAndOthers(path, sets.Select(set => set.Folder), top.Except(sets.Select(set => set.Folder)));
        }

        for (var i = 0; i < sets.Count; i++)
        {
            if (i > 0 && sets[i].Split == sets[i - 1].Split) Throw.SplitFolderTwice(path, sets[i - 1].Folder, sets[i].Folder, DataSplits.Name(sets[i].Split));
            if (classes[i].Count == 0) Throw.SplitFoldersHaveNoClasses(path, sets[i].Folder);
        }

        if (sets[0].Split != DataSplit.Train) Throw.SplitWithoutTraining(path);
        for (var i = 1; i < sets.Count; i++)
        {
            var (missing, unknown) = (classes[0].Except(classes[i]).ToList(), classes[i].Except(classes[0]).ToList());
            if (missing.Count + unknown.Count > 0) Throw.ClassesDiffer(Path.Combine(path, sets[0].Folder), Path.Combine(path, sets[i].Folder), missing, unknown);
        }

        return sets;
    }

    private static DataSplit? FolderSplit(string folder) => folder.ToLowerInvariant() is "train" or "val" or "valid" or "validation" or "test" ? DataSplits.Parse(folder) : null;
}
