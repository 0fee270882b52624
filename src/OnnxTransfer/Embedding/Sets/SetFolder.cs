using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>
/// The folder of a feature set. <c>plan.json</c> says what the set will be, the parts come in any order and from any process, and
/// <c>manifest.json</c> exists once all are there. Every file has its name only when it is whole.
/// </summary>
/// <param name="path">The folder.</param>
internal sealed class SetFolder(string path)
{
    internal const string PlanFile = "plan.json";
    internal const string ManifestFile = "manifest.json";

    private const int HashBuffer = 1 << 20;

    internal string Path => path;

    internal string Npy(string part) => System.IO.Path.Combine(path, part + ".npy");

    internal string Json(string part) => System.IO.Path.Combine(path, part + ".json");

    private string PlanPath => System.IO.Path.Combine(path, PlanFile);

    private string ManifestPath => System.IO.Path.Combine(path, ManifestFile);

    /// <summary>The plan; null where there is none that is whole.</summary>
    internal SetPlan? Plan() => SetJson.TryRead(PlanPath, SetJson.Default.SetPlan) is { IsSound: true } plan ? plan : null;

    /// <summary>The manifest; null where the set is not complete.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal SetManifest? Manifest()
    {
        if (!File.Exists(ManifestPath)) return null;
        return SetJson.TryRead(ManifestPath, SetJson.Default.SetManifest) is { IsSound: true } manifest ? manifest : throw Throw.SetManifestInvalid(path);
    }

    /// <summary>
    /// Makes the folder ready for the parts of a plan. A set that is there goes on if it has the same network and the new plan has all of its
    /// images; the old set stays readable until the new one is complete.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="images">Its images.</param>
    /// <param name="isShard">Whether other processes make other parts of the same plan, so that it must not change under them.</param>
    /// <exception cref="IOException">The folder has something else in it, or a set that this plan does not continue; or it cannot be written.</exception>
    internal void Claim(SetPlan plan, SetImages images, bool isShard)
    {
        var old = Enter();
        if (old is not null && old.IsSameAs(plan)) return;
        if (old is not null && old.Network.Sha256 != plan.Network.Sha256) throw Throw.SetOfAnotherNetwork(path, plan.Network.DifferenceFrom(old.Network));
        if (old is not null && old.PartSize != plan.PartSize) throw Throw.SetOfAnotherPartSize(path, old.PartSize, plan.PartSize);
        if (old is not null && isShard && !old.Parts.SequenceEqual(TryManifest()?.Plan.Parts ?? [])) throw Throw.SetOfAnotherList(path);
        RequireAllImages(plan, images);
        Write(PlanPath, SetJson.ToBytes(plan, SetJson.Default.SetPlan));
    }

    /// <summary>Makes the folder ready for the parts of a plan that come from other folders: it is new, empty, or has parts of this plan.</summary>
    /// <exception cref="IOException">The folder has something else in it, or it cannot be written.</exception>
    internal void ClaimForMerge(SetPlan plan)
    {
        if (Enter() is { } old ? !old.IsSameAs(plan) : PartsThere().Except(plan.Parts).Any() || File.Exists(ManifestPath)) throw Throw.MergeIntoAnotherSet(path);
        if (Plan() is null) Write(PlanPath, SetJson.ToBytes(plan, SetJson.Default.SetPlan));
    }

    /// <summary>Copies a part: first the numbers, then what makes them a part.</summary>
    internal void CopyFrom(SetFolder source, string part)
    {
        foreach (var (from, to) in ((string, string)[])[(source.Npy(part), Npy(part)), (source.Json(part), Json(part))])
        {
            using var content = InputFile.OpenRead(from);
            using var file = AtomicFile.Begin(to, tidy: false);
            content.CopyTo(file.Stream);
            file.Complete();
        }
    }

    /// <summary>Makes the folder if there is none and reads its plan.</summary>
    private SetPlan? Enter()
    {
        if (File.Exists(path)) Throw.TargetFolderIsAFile(path);
        Directory.CreateDirectory(path);
        AbandonedFiles.DeleteIn(path);
        if (Directory.EnumerateFileSystemEntries(path).Any(entry => !IsOwn(entry))) Throw.TargetFolderNotEmpty(path);
        return Plan();
    }

    /// <summary>Checks the files of a part.</summary>
    /// <param name="plan">The plan that it is a part of.</param>
    /// <param name="part">Its number.</param>
    /// <param name="withNumbers">Whether the numbers are compared with their checksum; else their length alone.</param>
    /// <param name="problem">What is wrong, without a subject, such as "is missing"; null for a sound part.</param>
    internal SoundPart? Check(SetPlan plan, int part, bool withNumbers, out string? problem)
    {
        var name = plan.Parts[part];
        SoundPart? sound = null;
        problem = null;
        try
        {
            if (!File.Exists(Json(name))) problem = "is missing";
            else
            {
                var json = InputFile.ReadAllBytes(Json(name));
                if (SetJson.TryParse(json, SetJson.Default.PartNames) is not { IsSound: true } names || names.Part != part || names.Network != plan.Network.Sha256 || names.Dim != plan.Network.Dim
                    || names.Images != plan.ImagesIn(part) || names.NameIn(plan.Network) != name) problem = "has a damaged .json";
                else if ((problem = CheckNumbers(name, names.Rows, names.Dim, withNumbers ? names.Sha256 : null)) is null)
                    sound = new SoundPart(name, names.Rows, names.Images, names.Provider, names.Sha256, FileHash.Sha256(json));
            }
        }
        catch (FileNotFoundException)
        {
            // Between the look and the opening.
            problem = "is missing";
        }

        return sound;
    }

    /// <summary>Checks the numbers of a part: what is wrong, without a subject; null for nothing.</summary>
    /// <param name="name">The part.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="dim">D.</param>
    /// <param name="sha256">What they must give; null to look at length and header alone.</param>
    internal string? CheckNumbers(string name, int rows, int dim, string? sha256)
    {
        if (!File.Exists(Npy(name))) return "has no .npy";
        using var stream = InputFile.OpenRead(Npy(name));
        var header = NpyHeader.OfMatrix(rows, dim);
        var length = header.Length + ((long)rows * dim * sizeof(float));
        if (stream.Length != length) return $"has a .npy of {stream.Length} bytes and not {length}";
        var start = new byte[header.Length];
        stream.ReadExactly(start);
        if (!start.AsSpan().SequenceEqual(header)) return "has a damaged .npy header";
        if (sha256 is null) return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(start);
        var buffer = new byte[HashBuffer];
        for (var read = 0; (read = stream.Read(buffer)) > 0;) hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256 ? null : "has a .npy with another checksum";
    }

    /// <summary>The names of the parts that have a <c>.json</c>, sound or not; one look at the folder.</summary>
    internal HashSet<string> PartsThere() => new(
        Directory.EnumerateFiles(path, "part-*.json").Select(file => System.IO.Path.GetFileNameWithoutExtension(file)).Where(name => PartHash.PartOf(name) is not null), StringComparer.Ordinal);

    /// <summary>Checks parts, several at once.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="parts">The numbers of the parts.</param>
    /// <param name="withNumbers">Whether the numbers of a part are compared with their checksum; else their length alone.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <returns>For each of <paramref name="parts"/> what was found; null where it is missing or damaged.</returns>
    internal SoundPart?[] Check(SetPlan plan, IReadOnlyList<int> parts, Func<int, bool> withNumbers, CancellationToken cancellationToken)
    {
        var there = PartsThere();
        var found = new SoundPart?[parts.Count];
        Parallel.For(0, parts.Count, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Cores.Count(0) }, i =>
        {
            if (there.Contains(plan.Parts[parts[i]])) found[i] = Check(plan, parts[i], withNumbers(parts[i]), out _);
        });
        return found;
    }

    /// <summary>Writes the manifest if all parts are there and sound, and deletes the parts of the set that was there before.</summary>
    /// <param name="plan">The plan that the folder was claimed for.</param>
    /// <param name="isKnown">Whether this process wrote or checked a part, so that its numbers need not be read again.</param>
    /// <param name="cancellationToken">Stops before the manifest is written.</param>
    /// <returns>The numbers of the parts that are missing or damaged; empty for a complete set.</returns>
    /// <exception cref="IOException">Another run planned the folder anew in the meantime.</exception>
    internal IReadOnlyList<int> TryFinish(SetPlan plan, Func<int, bool> isKnown, CancellationToken cancellationToken = default)
    {
        var there = PartsThere();
        int[] missing = [.. Enumerable.Range(0, plan.Parts.Count).Where(part => !there.Contains(plan.Parts[part]))];
        if (missing.Length > 0) return missing;
        var found = Check(plan, [.. Enumerable.Range(0, plan.Parts.Count)], part => !isKnown(part), cancellationToken);
        int[] unsound = [.. Enumerable.Range(0, found.Length).Where(part => found[part] is null)];
        if (unsound.Length > 0) return unsound;
        if (Plan() is not { } current || !current.IsSameAs(plan)) throw Throw.SetPlannedAnew(path);
        var manifest = SetJson.ToBytes(SetManifest.Of(plan, found!), SetJson.Default.SetManifest);
        if (!File.Exists(ManifestPath) || !File.ReadAllBytes(ManifestPath).AsSpan().SequenceEqual(manifest)) Write(ManifestPath, manifest);
        DeleteAllBut(plan);
        return [];
    }

    /// <summary>Writes a part: first the numbers, then what makes them a part. Another writer of the same part does no harm.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values"><c>[N,D]</c>.</param>
    /// <param name="names">The rest.</param>
    internal SoundPart Write(string name, ReadOnlySpan<float> values, PartNames names)
    {
        using (var file = AtomicFile.Begin(Npy(name), tidy: false))
        {
            file.Stream.Write(NpyHeader.OfMatrix(names.Rows, names.Dim));
            file.Stream.Write(MemoryMarshal.AsBytes(values));
            file.Complete();
        }

        var json = SetJson.ToBytes(names, SetJson.Default.PartNames);
        Write(Json(name), json);
        return new SoundPart(name, names.Rows, names.Images, names.Provider, names.Sha256, FileHash.Sha256(json));
    }

    /// <summary>Without a look for abandoned files, which would read the whole folder for each part: <see cref="Claim"/> has done it.</summary>
    private static void Write(string file, byte[] content)
    {
        using var pending = AtomicFile.Begin(file, tidy: false);
        pending.Stream.Write(content);
        pending.Complete();
    }

    private SetManifest? TryManifest()
    {
        try
        {
            return Manifest();
        }
        catch (InvalidDataException)
        {
            // A run makes it anew.
            return null;
        }
    }

    /// <summary>Refuses to leave out an image that a finished part has: a wrong list must not replace a set.</summary>
    private void RequireAllImages(SetPlan plan, SetImages images)
    {
        var planned = plan.Parts.ToHashSet(StringComparer.Ordinal);
        foreach (var name in PartsThere().Where(name => !planned.Contains(name)))
        {
            // A damaged part has nothing to lose.
            if (SetJson.TryRead(Json(name), SetJson.Default.PartNames) is not { IsSound: true } names) continue;
            if (names.Network != plan.Network.Sha256) throw Throw.SetOfAnotherNetwork(path, $"the fingerprint {names.Network} and not {plan.Network.Sha256}");
            foreach (var (id, label) in names.All())
            {
                if (!images.Contains(id, label)) throw Throw.SetListLacks(path, id, label);
            }
        }
    }

    private void DeleteAllBut(SetPlan plan)
    {
        var planned = plan.Parts.ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(path, "part-*"))
        {
            if (PartHash.PartOf(System.IO.Path.GetFileNameWithoutExtension(file)) is not null && !planned.Contains(System.IO.Path.GetFileNameWithoutExtension(file))) File.Delete(file);
        }
    }

    /// <summary>Whether a set may have this file; hidden files are those of writers.</summary>
    private static bool IsOwn(string entry) =>
        System.IO.Path.GetFileName(entry) is var name
        && (name[0] == '.' || name is PlanFile or ManifestFile || System.IO.Path.GetExtension(name) is ".npy" or ".json" && PartHash.PartOf(System.IO.Path.GetFileNameWithoutExtension(name)) is not null);
}
