// Faults on purpose, many times, on a folder of their own: `OnnxTransfer.Campaigns CAMPAIGN --work DIR --tool PATH [--tries N] [--seed S]`.
// The same command goes on where the last one ended; `table --work DIR` prints all tallies. README.md says what each campaign does.
using System.Globalization;
using OnnxTransfer.Campaigns;

if (args is ["victim", var model, var folder, var cacheFolder]) return await Kills.RunVictimAsync(model, folder, cacheFolder);
var work = Text("--work") ?? throw new ArgumentException("--work DIR is missing: the folder that the campaign may fill");
var (tries, seed) = (Number("--tries", 1000), Number("--seed", 1));
if (args is ["table", ..])
{
    foreach (var state in Directory.EnumerateFiles(work, "*.tallies.json").Order(StringComparer.Ordinal))
        Console.WriteLine($"## {Path.GetFileName(state).Split('.')[0]}\n\n{new State(state).Table()}");
    return 0;
}

Pause.File = Text("--pause");
var tool = Text("--tool") ?? throw new ArgumentException("--tool PATH is missing: the published `onnxtransfer`, or its OnnxTransfer.Cli.dll");
using var ground = new Ground(work, Path.GetFullPath(tool));
switch (args[0])
{
    case "kills": return Rounds.Run("kills", work, Wanted(new Kills(ground).Kinds()), tries, seed);
    case "full":
        var full = new Full(ground);
        full.Mount();
        try
        {
            return Rounds.Run("full", work, Wanted(full.Kinds()), tries, seed);
        }
        finally
        {
            full.Unmount();
        }

    case "cancels":
        using (var cancels = new Cancels(ground))
        {
            var code = Rounds.Run("cancels", work, Wanted(cancels.Kinds()), tries, seed);
            return cancels.LeavesResources() ? 1 : code;
        }

    case "bytes": return Rounds.Run("bytes", work, Wanted(new Bytes(ground).Kinds()), tries, seed);
    case "versions":
        var other = Text("--other") ?? throw new ArgumentException("--other PATH is missing: the older tool");
        return Rounds.Run("versions-" + (Text("--name") ?? "older"), work, Wanted(new Versions(ground, Path.GetFullPath(other)).Kinds()), tries, seed);
    case "soak": return await new Soak(ground).RunAsync(Number("--minutes", 10));
    default: throw new ArgumentException($"there is no campaign '{args[0]}'");
}

IReadOnlyList<Kind> Wanted(IReadOnlyList<Kind> kinds) => Text("--kind") is { } kind ? [.. kinds.Where(one => one.Name == kind)] : kinds;

string? Text(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

int Number(string name, int fallback) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
