namespace OnnxTransfer.Embedding.Sets;

/// <summary>
/// The JSON beside the <c>.npy</c> of a part. It is written last, so that a part with it is whole. Its first fields are those beside any
/// <c>.npy</c> (<see cref="Files.NpyNames"/>).
/// </summary>
/// <param name="Backbone">The model's id.</param>
/// <param name="Rows">The images that could be used.</param>
/// <param name="Dim">D.</param>
/// <param name="Part">The number of the part, from 0.</param>
/// <param name="Images">The images of the part, skipped ones included.</param>
/// <param name="Network">The fingerprint of the network, <see cref="SetNetwork.Sha256"/>.</param>
/// <param name="Provider">What computed the rows.</param>
/// <param name="Sha256">SHA-256 of the <c>.npy</c>.</param>
/// <param name="Skipped">The images that could not be used, in order.</param>
/// <param name="Ids">The id of each row.</param>
/// <param name="Labels">The label of each row; null where it has none.</param>
internal sealed record PartNames(
    string Backbone, int Rows, int Dim, int Part, int Images, string Network, string Provider, string Sha256,
    IReadOnlyList<SkippedInPart> Skipped, IReadOnlyList<string> Ids, IReadOnlyList<string?> Labels)
{
    /// <summary>Whether the fields agree with each other.</summary>
    internal bool IsSound =>
        Rows == Ids.Count && Rows == Labels.Count && Images == Rows + Skipped.Count && !Ids.Contains(null!)
        && !Skipped.Contains(null!) && Skipped.Select((one, i) => one.Index >= (i == 0 ? 0 : Skipped[i - 1].Index + 1) && one.Index < Images).All(inOrder => inOrder);

    /// <summary>All images of the part with their labels, in order.</summary>
    internal IEnumerable<(string Id, string? Label)> All()
    {
        var (row, skipped) = (0, 0);
        for (var image = 0; image < Images; image++)
        {
            if (skipped < Skipped.Count && Skipped[skipped].Index == image) yield return (Skipped[skipped].Id, Skipped[skipped++].Label);
            else yield return (Ids[row], Labels[row++]);
        }
    }

    /// <summary>The name that a part of these images has.</summary>
    internal string NameIn(SetNetwork network)
    {
        var hash = new PartHash(network);
        foreach (var (id, label) in All()) hash.Add(id, label);
        return hash.NameOf(Part);
    }
}

/// <summary>An image of a part that could not be used.</summary>
/// <param name="Index">Its position among the images of the part, from 0.</param>
/// <param name="Id">Its id.</param>
/// <param name="Label">Its class; null for none.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="TimedOut">Whether the guard against hangs stopped the decode.</param>
internal sealed record SkippedInPart(int Index, string Id, string? Label, string Reason, bool TimedOut);
