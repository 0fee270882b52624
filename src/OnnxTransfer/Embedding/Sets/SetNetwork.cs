using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>
/// Everything besides the images that the rows of a feature set depend on, up to the last bits that one machine computes differently from
/// another: the network, the layer, the preprocessing, the precision, the decoder. Rows are in one set only where all of it is equal.
/// </summary>
/// <param name="Id">The model's id.</param>
/// <param name="File">SHA-256 of the network's file, for people; null where its card does not state it.</param>
/// <param name="Dim">D, the length of a row.</param>
/// <param name="Facts">All of it, one fact per entry; the first facts of the feature cache.</param>
/// <param name="Sha256">SHA-256 of <paramref name="Id"/> and <paramref name="Facts"/>, 64 lower-case hexadecimal digits.</param>
internal sealed record SetNetwork(string Id, string? File, int Dim, IReadOnlyList<string> Facts, string Sha256)
{
    internal static SetNetwork Of(string id, string? file, int dim, IReadOnlyList<string> facts) =>
        new(id, file, dim, facts, FileHash.Sha256(Encoding.UTF8.GetBytes(string.Join('\n', [id, .. facts]))));

    /// <summary>What differs from another network, in words: the first fact that is not the same.</summary>
    internal string DifferenceFrom(SetNetwork other)
    {
        if (Id != other.Id) return $"the model '{other.Id}' and not '{Id}'";
        for (var i = 0; i < Math.Max(Facts.Count, other.Facts.Count); i++)
        {
            var (mine, its) = (Facts.ElementAtOrDefault(i) ?? "nothing", other.Facts.ElementAtOrDefault(i) ?? "nothing");
            if (mine != its) return $"'{its}' and not '{mine}'";
        }

        return $"the fingerprint {other.Sha256} and not {Sha256}";
    }

    /// <summary>Whether the hash is that of the rest, so that nobody changed one of them alone.</summary>
    internal bool IsSound => Dim > 0 && Sha256 == Of(Id, File, Dim, Facts).Sha256;
}
