using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Internals;

/// <summary>The messages of <see cref="FeatureExtractor"/> and <see cref="ImageClassifier"/>.</summary>
internal static partial class Throw
{
    [DoesNotReturn]
    internal static void NoImageUsable(string folder, string firstReason) =>
        throw new InvalidDataException($"None of the images in {folder} could be used; the first: {firstReason}");

    [DoesNotReturn]
    internal static void ClassHasNoUsableImage(string label, string folder) =>
        throw new InvalidDataException($"The class '{label}' of {folder} has no image that could be used: mend its images or remove its folder.");

    internal static InvalidDataException NotAClass(string label, IEnumerable<string> known) =>
        new($"'{label}' is no class of this classifier; it knows {Known(label, known)}. Rename the folder or leave it out.");

    internal static ModelException NoClasses(string model) =>
        new($"{model} has no classes of its own that are known: its .model.json names no tensor of class scores. Train a classifier on it with `onnxtransfer train`.");

    internal static InvalidOperationException NothingTrained() =>
        new("This classifier has its backbone's own classes and nothing was trained: there is nothing to save that is not in the backbone's file.");

    internal static ModelException NotAClassifier(string path) =>
        new($"{path} is no classifier that OnnxTransfer saved: its metadata has no labels and head. Make one with `onnxtransfer train`, or use the file as a --backbone.");

    internal static ModelException ClassifierDamaged(string path, string what, Exception? inner = null) =>
        new($"{path} is a damaged classifier: {what} Train or copy it again.", inner);

    internal static ModelException ClassifierOfAnotherVersion(string path, string? format, string known) =>
        new($"{path} is a classifier in format {format ?? "unknown"}, and this version reads format {known}: use the version of OnnxTransfer that saved it, or train again.");

    internal static ModelException PreprocessingUnknown(string path, string cardPath) =>
        new($"{path} has no .model.json beside it, so how its images must be prepared is not known: write {cardPath}, or give FeatureExtractorOptions.Preprocess (--preprocess at the command line).");

    internal static ModelException PreprocessingSizeDiffers(string path, (int Width, int Height) prepared, int width, int height) =>
        new($"{path} takes images of {width}x{height} pixels, but the preprocessing makes {prepared.Width}x{prepared.Height}: prepare them at {width}x{height}.");

    internal static ModelException FeaturesUnknown(string path, string why) =>
        new($"Which tensor of {path} holds one feature vector per image is not clear. {why} Name it in a .model.json beside the file.");

    internal static ModelException ModelUnreadable(string message, Exception inner) => new(message, inner);
}
