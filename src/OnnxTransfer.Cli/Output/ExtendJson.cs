namespace OnnxTransfer.Cli.Output;

internal sealed record ExtendJson(
    IReadOnlyList<string> Classes, IReadOnlyList<string> Added, IReadOnlyList<string> Removed, int NewImages, int KnownImages, string MeasuredOn, IReadOnlyList<ClassChangeJson> Changes,
    ScoreJson? Validation, ScoreJson? Test, IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings, double TrainSeconds, string Model);

internal sealed record ClassChangeJson(string Label, int Count, double Before, double After, double Forgotten);
