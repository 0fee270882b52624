using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>What a folder says about its feature set, which need not be complete.</summary>
/// <param name="Backbone">The model's id.</param>
/// <param name="Dim">D, the length of one row.</param>
/// <param name="NetworkSha256">As <see cref="FeatureSet.NetworkSha256"/>.</param>
/// <param name="PartSize">Images in each part but the last.</param>
/// <param name="ImageCount">The number of images of the whole set, skipped ones included.</param>
/// <param name="PartCount">The number of parts of the whole set.</param>
/// <param name="MissingParts">The numbers of the parts, from 0, that are missing or damaged.</param>
/// <param name="HasManifest">Whether the manifest is there, which the run writes that finds all parts sound.</param>
public sealed record FeatureSetInfo(string Backbone, int Dim, string NetworkSha256, int PartSize, long ImageCount, int PartCount, IReadOnlyList<int> MissingParts, bool HasManifest)
{
    /// <summary>Whether <see cref="FeatureSet.Open"/> opens the set.</summary>
    public bool IsComplete => HasManifest && MissingParts.Count == 0;

    /// <summary>The numbers of the parts, from 0, that are missing or damaged.</summary>
    public IReadOnlyList<int> MissingParts { get; init => field = EquatableList.Of(value, nameof(MissingParts)); } = EquatableList.Of(MissingParts);
}
