namespace OnnxTransfer.Embedding.Sets;

/// <summary>The document of a complete feature set: there is none before all parts are sound.</summary>
/// <param name="Format">Always <see cref="SetPlan.FormatName"/>.</param>
/// <param name="Version">Always <see cref="SetPlan.CurrentVersion"/>.</param>
/// <param name="Network">The network and the preprocessing.</param>
/// <param name="PartSize">Images in each part but the last.</param>
/// <param name="Images">The number of images, skipped ones included.</param>
/// <param name="Rows">N.</param>
/// <param name="Root">The folder that the ids are relative to, for people; null for none.</param>
/// <param name="Parts">The parts.</param>
internal sealed record SetManifest(string Format, int Version, SetNetwork Network, int PartSize, long Images, long Rows, string? Root, IReadOnlyList<SoundPart> Parts)
{
    internal static SetManifest Of(SetPlan plan, IReadOnlyList<SoundPart> parts) =>
        new(plan.Format, plan.Version, plan.Network, plan.PartSize, plan.Images, parts.Sum(part => (long)part.Rows), plan.Root, parts);

    internal SetPlan Plan => new(Format, Version, Network, PartSize, Images, Root, [.. Parts.Select(part => part.Name)]);

    /// <summary>Whether the fields agree with each other.</summary>
    internal bool IsSound => !Parts.Contains(null!) && Plan is { IsSound: true } plan && Rows == Parts.Sum(part => (long)part.Rows)
        && Parts.Select((part, i) => part.Rows >= 0 && part.Images == plan.ImagesIn(i) && part.Rows <= part.Images).All(fits => fits);
}

/// <summary>A part that was found whole.</summary>
/// <param name="Name">The name of its files, without extension.</param>
/// <param name="Rows">The images that could be used.</param>
/// <param name="Images">All its images.</param>
/// <param name="Provider">What computed the rows.</param>
/// <param name="Npy">SHA-256 of its <c>.npy</c>.</param>
/// <param name="Json">SHA-256 of its <c>.json</c>.</param>
internal sealed record SoundPart(string Name, int Rows, int Images, string Provider, string Npy, string Json);
