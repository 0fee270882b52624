namespace OnnxTransfer.Campaigns;

/// <summary>Sound files that belong together, and those of them that may be damaged.</summary>
/// <param name="Files">The files by their names in a folder.</param>
/// <param name="Fragile">The names of the files that may be damaged.</param>
internal sealed record Specimen(IReadOnlyDictionary<string, byte[]> Files, IReadOnlyList<string> Fragile)
{
    /// <summary>A file, with others beside it that stay sound.</summary>
    internal static Specimen Of(string name, byte[] bytes, params (string Name, byte[] Bytes)[] others) =>
        new(others.Append((name, bytes)).ToDictionary(one => one.Item1, one => one.Item2), [name]);

    /// <summary>A folder of which any file may be damaged.</summary>
    internal static Specimen OfFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllBytes);
        return new Specimen(files, [.. files.Keys.Order(StringComparer.Ordinal)]);
    }
}

/// <summary>Where a try is made.</summary>
/// <param name="In">The folder of the specimen.</param>
/// <param name="Out">The folder for what the command writes.</param>
/// <param name="Damaged">The path of the damaged file.</param>
internal sealed record Site(string In, string Out, string Damaged);

/// <summary>A command that reads files of a format.</summary>
/// <param name="Name">The command, as the table shows it.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record Reading(string Name, Func<Site, string[]> Arguments)
{
    /// <summary>Whether it takes <c>--json</c>, which every other try gives it.</summary>
    public bool HasJson { get; init; }

    /// <summary>Whether it writes into the specimen's folder, as a cache and <c>models card</c> are written.</summary>
    public bool WritesBeside { get; init; }

    /// <summary>Whether what it has written stays when it fails: rows of the other images, and parts of a set.</summary>
    public bool KeepsRows { get; init; }

    /// <summary>Whether its output, if it gives one, is that of the sound file.</summary>
    public bool IsExact { get; init; }

    /// <summary>Whether it says on standard output what is damaged.</summary>
    public bool Reports { get; init; }
}

/// <summary>A format that the tool opens.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Specimens">Sound files; every command takes the first.</param>
/// <param name="Readings">The commands that take it.</param>
internal sealed record Format(string Name, IReadOnlyList<Specimen> Specimens, IReadOnlyList<Reading> Readings);
