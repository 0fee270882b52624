using System.Globalization;
using System.Text;
using System.Text.Json;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Campaigns;

/// <summary>The tallies of a campaign in a file, so that the same command goes on where the last one ended.</summary>
internal sealed class State
{
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, IgnoreReadOnlyProperties = true };

    private readonly string _path;
    private readonly SortedDictionary<string, Tally> _tallies;

    internal State(string path)
    {
        _path = path;
        _tallies = File.Exists(path) ? JsonSerializer.Deserialize<SortedDictionary<string, Tally>>(File.ReadAllText(path))! : [];
    }

    internal IReadOnlyDictionary<string, Tally> Tallies => _tallies;

    internal Tally this[string kind] => _tallies.TryGetValue(kind, out var tally) ? tally : _tallies[kind] = new Tally();

    internal int Failures => _tallies.Values.Sum(tally => tally.Lost + tally.Torn);

    internal void Save() => AtomicFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_tallies, s_format));

    /// <summary>A Markdown table: a row for each kind, and their sums.</summary>
    internal string Table()
    {
        var text = new StringBuilder("| kind | tries | struck | survived | lost | torn | leftovers swept |\n|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (var (kind, tally) in _tallies) Row(kind + (tally.MostRowsLost > 0 ? $" (at most {tally.MostRowsLost} finished rows lost in a try)" : ""), [tally]);
        Row("**all**", _tallies.Values);
        return text.ToString();

        void Row(string kind, IReadOnlyCollection<Tally> of) => text.Append(
            CultureInfo.InvariantCulture,
            $"| {kind} | {of.Sum(one => one.Tries)} | {of.Sum(one => one.Struck)} | {of.Sum(one => one.Survived)} | {of.Sum(one => one.Lost)} | {of.Sum(one => one.Torn)} | {of.Sum(one => one.Leftovers)} |\n");
    }
}
