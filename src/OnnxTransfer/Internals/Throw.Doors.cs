using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Internals;

/// <summary>The messages of <see cref="FeatureExtractor"/> and <see cref="ImageClassifier"/>.</summary>
internal static partial class Throw
{
    [DoesNotReturn]
    internal static void NoImageUsable(string folder, string firstReason) =>
        throw new DatasetException($"None of the images in {folder} could be used; the first: {firstReason}");

    [DoesNotReturn]
    internal static void ClassHasNoUsableImage(string label, string source) =>
        throw new DatasetException($"The class '{label}' of {source} has no training image that could be used: repair its images or remove the class.");

    [DoesNotReturn]
    internal static void ClassNotInTraining(string label, string source) =>
        throw new DatasetException($"The class '{label}' of {source} has no image in the training set: add one, or remove the class from the other sets.");

    internal static DatasetException NotAClass(string label, IEnumerable<string> known) =>
        new($"'{label}' is no class of this classifier; it knows {Known(label, known)}. Rename the class or leave it out.");

    internal static ArgumentException ClassifierIsInUse() =>
        new("This classifier serves here already, or did and is being closed: swap in one that was loaded or trained anew.", "next");

    internal static ModelException NoClasses(string model) =>
        new($"{model} has no classes of its own that are known: its .model.json names no tensor of class scores. Train a classifier on it with `onnxtransfer train`.");

    internal static InvalidOperationException NothingTrained() =>
        new("This classifier has its backbone's own classes and nothing was trained: there is nothing to save that is not in the backbone's file.");

    internal static ArgumentException NoSuchClass(string label, IEnumerable<string> known) =>
        new($"'{label}' is no class of this classifier; it knows {Known(label, known)}.");

    internal static ModelException ExplanationNeedsTraining() =>
        new("This classifier has its backbone's own classes; where it looks can be shown of a classifier trained with `onnxtransfer train`.");

    internal static ModelException ExplanationNeedsLinearHead(int hidden) =>
        new($"A class activation map adds up what each place of the image says for a class, which only a linear head does; this one has {hidden} hidden layer{(hidden == 1 ? "" : "s")}. Train with `--head softmax` (standardised features or not) to see where it looks.");

    [DoesNotReturn]
    internal static void NoSuchUnit(int unit, string layer, int channels) =>
        throw new ArgumentOutOfRangeException(nameof(unit), unit, $"The layer '{layer}' has the units 0 to {channels - 1}, not {unit}.");

    internal static ArgumentException LayerHasNoPlaces(string layer, string shape) =>
        new($"The layer '{layer}' has the shape {shape}: only a layer with a known height and width can be drawn.");

    [DoesNotReturn]
    internal static void NoImageForPatches(int count, string firstReason) =>
        throw new DatasetException($"None of {count} images could be used to look for patches; the first: {firstReason}");

    /// <summary>The file may also be a folder.</summary>
    internal static ModelNotFoundException ClassifierNotFound(string path) => new(Directory.Exists(path)
        ? $"'{path}' is a folder, but a classifier is an .onnx file: give its path, or make one with `onnxtransfer train DATA --out FILE.onnx`."
        : $"There is no classifier '{path}' (looked for {Path.GetFullPath(path)}): check the path, or make one with `onnxtransfer train DATA --out {path}`.");

    internal static InvalidModelException NotAClassifier(string path) =>
        new($"{path} is no classifier that OnnxTransfer saved: its metadata has no labels and head. Make one with `onnxtransfer train DATA --out FILE.onnx`, or use the file as a --backbone.");

    internal static InvalidModelException HeadWithoutBackbone(string path) =>
        new($"{path} is a head alone, without the backbone that makes feature vectors of images: load it with ClassifierHead.Load, and join it to its backbone with ImageClassifier.Create.");

    [DoesNotReturn]
    internal static void HeadHasOtherDim(int head, int extractor, string model) =>
        throw new ArgumentException(head > extractor
            ? $"The head takes {head} features, but {model} gives {extractor}: train it on vectors of this extractor alone, or, where further columns stand beside them, save it with ClassifierHead.Save and give it whole rows."
            : $"The head takes {head} features, but {model} gives {extractor}: use the extractor, with the layers, whose vectors the head was trained on.");

    internal static InvalidModelException ClassifierDamaged(string path, string what, Exception? inner = null) =>
        new($"{path} is a damaged classifier: {what} Train or copy it again.", inner);

    internal static InvalidModelException ClassifierOfAnotherVersion(string path, string? format, string known) =>
        new($"{path} is a classifier in format {format ?? "unknown"}, and this version reads format {known}: use the version of OnnxTransfer that saved it, or train again.");

    internal static ModelException SavedClassifierDiffers(string path, string what) =>
        new($"{path} was not written: read back, {what}. The classifier in memory is as it was; if the disk is sound, this is a defect of OnnxTransfer worth reporting.");

    internal static InvalidModelException ClassifierDisagrees(string path, float difference, float tolerance) =>
        new($"{path} does not answer as it did when it was saved: a probability of its probe images is off by {difference:0.####}, and {tolerance:0.####} is allowed. The file was changed, or the network computes something else here: copy or train it again.");

    internal static ModelException PreprocessingUnknown(string path, string cardPath) =>
        new($"{path} has no .model.json beside it, so how its images must be prepared is not known: write {cardPath}, or give FeatureExtractorOptions.Preprocess (--preprocess at the command line).");

    internal static ModelException FeaturesUnknown(string path, string why) =>
        new($"Which tensor of {path} holds one feature vector per image is not clear. {why} Name it in a .model.json beside the file.");

    internal static ModelException WeightsOfClassifier(string path) =>
        new($"{path} is a trained classifier, whose head fits its own backbone only: put other weights into the backbone, and train on that.");

    [DoesNotReturn]
    internal static void LayersOfClassifier() =>
        throw new ArgumentException("FeatureExtractorOptions.Layers says what a FeatureExtractor computes, but a classifier has its layers and head already: leave it empty, or train on FeatureExtractor.Load with these layers.");

    internal static ModelException ModelTakesOneSize(string path, int? height, int? width, int otherHeight, int otherWidth) =>
        new($"The graph of {path} takes images of {width}x{height} pixels, not {otherWidth}x{otherHeight}: leave the size away, or use a network exported with a free size.");

    /// <summary>The error of a model that was to be read, by what the file is: missing, damaged, or sound and asked for what it does not have.</summary>
    internal static ModelException ModelUnreadable(Exception inner) =>
        inner is InvalidDataException ? new InvalidModelException(inner.Message, inner) : ModelUnusable(inner);

    /// <summary>The error of a model that was read and cannot do what it was to do.</summary>
    internal static ModelException ModelUnusable(Exception inner) =>
        inner is FileNotFoundException ? new ModelNotFoundException(inner.Message, inner) : new ModelException(inner.Message, inner);
}
