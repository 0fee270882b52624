using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OnnxTransfer.Cli.Output;

/// <summary>The JSON documents that <c>--json</c> prints: exactly one per run, on standard output.</summary>
internal static class JsonOutput
{
    internal static void Write<T>(T document, JsonTypeInfo<T> type)
    {
        using var output = Console.OpenStandardOutput();
        JsonSerializer.Serialize(output, document, type);
        output.WriteByte((byte)'\n');
    }
}

internal sealed record TrainJson(
    IReadOnlyList<string> Classes, string ExecutionProvider, PrecisionJson Precision, BackboneJson Backbone, EmbedJson Embed, EpochJson Start, IReadOnlyList<EpochJson> Epochs,
    double L2, string Stopped, int? BestEpoch, TuningJson? Tuning,
    ScoreJson Train, ScoreJson? Validation, ScoreJson? Test, IReadOnlyList<LeakJson> Leaks, IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings, IReadOnlyList<UnusedJson> Unused, CalibrationJson? Calibration, double TrainSeconds, string Model);

internal sealed record CalibrationJson(int Images, double Temperature, double LossBefore, double LossAfter);

internal sealed record PrecisionJson(string Used, string Reason, double? Similarity, double? Speedup);

internal sealed record BackboneJson(string Id, int Dim);

internal sealed record EmbedJson(int Images, int Cached, double Seconds, double ImagesPerSecond);

internal sealed record EpochJson(
    int Epoch, double TrainLoss, double TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy, double Seconds);

internal sealed record ScoreJson(int Count, double Loss, double Accuracy);

/// <summary>An image of one set that is a near duplicate of an image of another set.</summary>
internal sealed record LeakJson(ImageJson Image, ImageJson Other, double Cosine);

internal sealed record SkippedJson(string Path, string Reason, string? Label, string? Split, bool TimedOut);

internal sealed record WarningJson(string Path, string Text, string? Label, string? Split);

internal sealed record UnusedJson(string Path, string Kind, string Reason);

internal sealed record EvaluateJson(
    int Count, double Accuracy, IntervalJson AccuracyInterval, double? Top5Accuracy, double MacroF1, double WeightedF1, double Loss, double CalibrationError, IReadOnlyList<ClassJson> PerClass, IReadOnlyList<IReadOnlyList<int>> Confusion,
    AgainstJson? Against, IReadOnlyList<EvaluatedJson> Images, IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings,
    IReadOnlyList<UnusedJson> Unused);

internal sealed record AgainstJson(
    string File, int Count, double Accuracy, double OtherAccuracy, double Difference, IntervalJson DifferenceInterval, double PValue, double Loss, double OtherLoss, double LossDifferenceError,
    IReadOnlyList<string> Gained, IReadOnlyList<string> Lost, IReadOnlyList<ComparedClass> Classes);

internal sealed record IntervalJson(double Low, double High);

internal sealed record EvaluatedJson(string Path, string Label, string? Predicted, float? Probability, float? LabelProbability, bool Correct, string? Split, string? Error)
{
    internal static EvaluatedJson Of(EvaluatedImage image, IReadOnlyList<string> labels) => new(
        image.Id, image.Label, image.Prediction?.Label, image.Prediction?.Probability,
        image.Prediction?.Probabilities[labels.Index().First(one => one.Item == image.Label).Index], image.IsCorrect, Commands.CommonOptions.SplitName(image.Split), image.Error);
}

internal sealed record ClassJson(string Label, double Precision, double Recall, double F1, int Support);

internal sealed record ComparedBackboneJson(
    string Backbone, string Id, int Dim, long Bytes, long Parameters, int Images, FoldMeanJson Accuracy, FoldMeanJson Loss, FoldMeanJson NeighborAccuracy, FoldMeanJson ClassMeanAccuracy,
    double HScore, double ImagesPerSecond, DomainJson? Domain, IReadOnlyList<SkippedJson> Skipped);

internal sealed record FoldMeanJson(double Mean, double StandardError);

internal sealed record DomainJson(double Confidence, double Entropy, int Images);

internal sealed record EmbedResultJson(int Rows, int Dim, PrecisionJson Precision, int Cached, double Seconds, double ImagesPerSecond, IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings,
    IReadOnlyList<UnusedJson> Unused);

/// <summary>Rows: of the complete set; computed: by this run.</summary>
internal sealed record EmbedSetJson(long? Rows, long Computed, int Dim, PrecisionJson Precision, int Cached, double Seconds, double ImagesPerSecond, int Parts, int WrittenParts, int KeptParts, IReadOnlyList<int> MissingParts,
    IReadOnlyList<SkippedJson> Skipped, IReadOnlyList<WarningJson> Warnings, IReadOnlyList<UnusedJson> Unused);

internal sealed record FeatureSetJson(
    string Backbone, string NetworkSha256, int Dim, int PartSize, long Images, int Parts, IReadOnlyList<int> MissingParts, long? Rows, IReadOnlyList<ClassRowsJson>? Classes, IReadOnlyList<string>? Providers);

internal sealed record ClassRowsJson(string Label, long Rows);

internal sealed record SetTrainJson(IReadOnlyList<string> Classes, BackboneJson Backbone, long Rows, EpochJson Start, IReadOnlyList<EpochJson> Epochs, double L2, string Stopped, int? BestEpoch, string Model);

internal sealed record PredictionJson(string Path, string? Label, bool? Unknown, int? Index, float? Probability, IReadOnlyList<TopJson>? Top, IReadOnlyList<string>? Set, string? Error, bool TimedOut, IReadOnlyList<string> Warnings)
{
    internal static PredictionJson Of(ImagePrediction image, RowShape shape) => image.Prediction is { } prediction
        ? new PredictionJson(
            image.Id, RowShape.Answer(prediction), prediction.IsUnknown ? true : null, prediction.IsUnknown ? null : prediction.Index, prediction.Probability,
            [.. prediction.Top(shape.Top).Select(item => new TopJson(item.Label, item.Index, item.Probability))], shape.SetOf(prediction), null, false, image.Warnings)
        : new PredictionJson(image.Id, null, null, null, null, null, null, image.Error, image.TimedOut, image.Warnings);
}

internal sealed record TopJson(string Label, int Index, float Probability);

internal sealed record DoctorJson(
    string Version, string Runtime, string System, string Decoder, IReadOnlyList<FormatJson> Formats, string OnnxRuntime, IReadOnlyList<ProviderJson> Providers,
    IReadOnlyList<ParityJson> Parity, NetworkJson? Network, string? ModelFolder, bool Offline, IReadOnlyList<string> Models,
    string ApplicationModelFolder, IReadOnlyList<string> ModelsBesideApplication);

internal sealed record FormatJson(string Format, string? Decoder);

internal sealed record NetworkJson(string Id, string ExecutionProvider, string Reason, IReadOnlyList<NodesJson> Nodes);

internal sealed record NodesJson(string Provider, string Operator, int Count);

internal sealed record CacheJson(string File, long Bytes, IReadOnlyList<CacheModelJson> Models);

internal sealed record CacheModelJson(string Id, int Dim, long Vectors, DateTimeOffset Used, IReadOnlyList<string> DependsOn);

internal sealed record CacheCheckJson(string File, long Vectors, long Damaged);

internal sealed record CacheCollectedJson(string File, long Removed, long Bytes);

internal sealed record ParityJson(string Name, double GreatestDifference, double Tolerance, double? Cosine, double? LeastCosine, bool Passed);

internal sealed record ProviderJson(string Name, bool Usable, string? WhyNot);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TrainJson))]
[JsonSerializable(typeof(TuningJson))]
[JsonSerializable(typeof(ExtendJson))]
[JsonSerializable(typeof(EvaluateJson))]
[JsonSerializable(typeof(ComparedBackboneJson[]))]
[JsonSerializable(typeof(EmbedResultJson))]
[JsonSerializable(typeof(EmbedSetJson))]
[JsonSerializable(typeof(FeatureSetJson))]
[JsonSerializable(typeof(SetTrainJson))]
[JsonSerializable(typeof(CheckJson))]
[JsonSerializable(typeof(SimilarJson))]
[JsonSerializable(typeof(PredictionJson))]
[JsonSerializable(typeof(IReadOnlyList<ModelJson>))]
[JsonSerializable(typeof(ModelInfoJson))]
[JsonSerializable(typeof(IReadOnlyList<TensorJson>))]
[JsonSerializable(typeof(CutJson))]
[JsonSerializable(typeof(CardJson))]
[JsonSerializable(typeof(WeightsJson))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(CacheJson))]
[JsonSerializable(typeof(CacheCheckJson))]
[JsonSerializable(typeof(CacheCollectedJson))]
internal sealed partial class JsonContracts : JsonSerializerContext;

/// <summary>The documents of one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PredictionJson))]
internal sealed partial class JsonLineContracts : JsonSerializerContext;
