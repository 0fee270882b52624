using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Training;

/// <summary>
/// The record of a training: a readable text that names its data by their SHA-256. Equal texts mean equal weights, to the bit, on the
/// same architecture family.
/// </summary>
internal static class RunFingerprint
{
    /// <summary>The line of a head whose training this library did not see as a whole.</summary>
    internal const string OwnVectors = "on the caller's own vectors";

    /// <param name="training">The training rows.</param>
    /// <param name="validation">The validation rows, if any.</param>
    /// <param name="classCount">C.</param>
    /// <param name="options">How it was trained.</param>
    /// <param name="history">How the training went.</param>
    /// <param name="backbone">What made the features: the backbone's own fingerprint.</param>
    internal static string Of(LabeledFeatures training, LabeledFeatures? validation, int classCount, TrainingOptions options, TrainingHistory history, string backbone)
    {
        var version = typeof(RunFingerprint).Assembly.GetName().Version;
        var mathNet = typeof(MathNet.Numerics.Control).Assembly.GetName().Version;
        return string.Create(CultureInfo.InvariantCulture, $"""
            OnnxTransfer {version}, MathNet.Numerics {mathNet}, .NET {Environment.Version}, {RuntimeInformation.ProcessArchitecture}
            backbone {backbone}
            training {Describe(training)}
            validation {(validation is null ? "none" : Describe(validation))}
            classes {classCount}; head {(options.Sigmoid ? "Sigmoid" : "Softmax")}; hidden [{string.Join(", ", options.HiddenUnits)}]; dropout {options.Dropout}; standardize {options.Standardize}; center {options.Center}
            epochs {(options.Epochs is { } epochs ? $"{epochs}" : $"as needed, {history.Epochs.Count}")}; batch {options.BatchSize}; random batches {options.RandomBatchesPerEpoch}; seed {options.Seed}; first weights {(options.GlorotStart ? "GlorotUniform" : "Zeros")}; patience {options.Patience}; validation fraction {options.ValidationFraction}
            learning rate {options.LearningRate}; schedule {options.Schedule}
            {options.Optimizer.Description}
            L2 {history.L2}{(options.L2 is null ? " by the rule" : "")}; L1 {options.L1}; smoothing {options.LabelSmoothing}; class weights [{string.Join(", ", options.ClassWeights ?? [])}]; balanced {options.BalanceClasses}
            """);
    }

    /// <summary>
    /// The known facts about a head that was trained on the user's own vectors; the training rows and options are not known.
    /// </summary>
    /// <param name="head">The head.</param>
    /// <param name="backbone">What gives the features of images: the backbone's own fingerprint.</param>
    internal static string OfOwnVectors(ClassifierHead head, string backbone) => string.Create(CultureInfo.InvariantCulture, $"""
        OnnxTransfer {typeof(RunFingerprint).Assembly.GetName().Version}
        backbone {backbone}
        training {OwnVectors}
        classes {head.ClassCount}; head {head.Layers[^1].Activation}; hidden [{string.Join(", ", head.Layers.SkipLast(1).Select(layer => layer.Outputs))}]
        """);

    private static string Describe(LabeledFeatures rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(rows.Features.Values));
        hash.AppendData(MemoryMarshal.AsBytes(rows.Labels));
        for (var i = 0; i < rows.Count; i++)
        {
            hash.AppendData(MemoryMarshal.AsBytes(rows.Targets(i)));
            hash.AppendData(BitConverter.GetBytes(rows.WeightOf(i)));
        }

        return $"{rows.Count}x{rows.Features.Dim} sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
