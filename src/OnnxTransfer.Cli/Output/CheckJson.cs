namespace OnnxTransfer.Cli.Output;

/// <summary>What <c>check</c> prints.</summary>
internal sealed record CheckJson(
    string Source, int Images, int Used, IReadOnlyList<string> Classes, string Backbone, double? OutOfFoldAccuracy, IReadOnlyDictionary<string, int> Counts,
    IReadOnlyList<FindingJson> Findings, IReadOnlyList<string> Notes, IReadOnlyList<WarningJson> Warnings, IReadOnlyList<UnusedJson> Unused);

internal sealed record FindingJson(string Kind, ImageJson? Image, ImageJson? Other, string? Label, double? Score, string Text);

internal sealed record ImageJson(string Path, string Label, string? Split);

/// <summary>What <c>similar</c> prints.</summary>
internal sealed record SimilarJson(string Query, string Backbone, int Searched, IReadOnlyList<SimilarImageJson> Images, IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings, IReadOnlyList<UnusedJson> Unused);

internal sealed record SimilarImageJson(string Path, double Cosine);
