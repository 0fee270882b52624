using System.Text.Json;

namespace OnnxTransfer.Fuzz;

/// <summary>What a run over mutated images has seen so far; a file of it lets a later run go on.</summary>
internal sealed class MutationProgress
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public required int Seed { get; init; }

    public required string Corpus { get; init; }

    /// <summary>The inputs are <see cref="From"/> to <see cref="End"/>, the last one excluded.</summary>
    public required int From { get; init; }

    /// <inheritdoc cref="From"/>
    public required int End { get; init; }

    /// <summary>The first input that is still to do.</summary>
    public required int Next { get; set; }

    /// <summary>How many images gave neither pixels nor the documented error.</summary>
    public int Wrong { get; set; }

    /// <summary>By the decoder's name.</summary>
    public SortedDictionary<string, Tally> Decoders { get; init; } = [];

    /// <summary>How many bytes more were held at the end of a piece than after its warm-up; the most of all pieces.</summary>
    public long Growth { get; set; }

    /// <summary>The most memory that the process had at any time, and the input that brought it there.</summary>
    public long PeakBytes { get; set; }

    /// <inheritdoc cref="PeakBytes"/>
    public int PeakInput { get; set; }

    /// <summary>Reads the file, or begins anew where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is of another run.</exception>
    internal static MutationProgress Load(string? path, MutationProgress fresh)
    {
        if (path is null || !File.Exists(path)) return fresh;
        var loaded = JsonSerializer.Deserialize<MutationProgress>(File.ReadAllText(path))!;
        if ((loaded.Seed, loaded.Corpus, loaded.From, loaded.End) == (fresh.Seed, fresh.Corpus, fresh.From, fresh.End)) return loaded;
        throw new InvalidDataException(
            $"{path} is of the inputs {loaded.From} to {loaded.End} of seed {loaded.Seed} over the corpus {loaded.Corpus}, not of {fresh.From} to {fresh.End} of seed {fresh.Seed} over {fresh.Corpus}: name another file, or give the same options.");
    }

    internal void Save(string? path)
    {
        if (path is null) return;
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(this, s_json));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>What one decoder made of its inputs.</summary>
    internal sealed class Tally
    {
        public long Sound { get; set; }

        /// <summary>Those of <see cref="Sound"/> that came with a warning.</summary>
        public long Doubtful { get; set; }

        public long Refused { get; set; }

        /// <summary>Processor time of the whole process during the slowest decode; other programs do not count.</summary>
        public double SlowestMilliseconds { get; set; }

        public int SlowestInput { get; set; }
    }
}
