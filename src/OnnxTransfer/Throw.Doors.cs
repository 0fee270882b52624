using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

/// <summary>The messages of <see cref="FeatureExtractor"/> and <see cref="ImageClassifier"/>.</summary>
internal static partial class Throw
{
    internal static ArgumentException QueryHasNoDirection(string network, string image) =>
        new($"{network} gave a feature vector of length 0 for the query {image}, so it has no direction to compare: use another image, or another model or layer.");

    internal static ArgumentException NoContent(string name, int index) =>
        new($"{name}[{index}] is null: give every position an image, or leave it out.", name);

    internal static NotSupportedException OtherDimensions(int asked, int dim, string model) =>
        new($"EmbeddingGenerationOptions.Dimensions asks for {asked} numbers, but '{model}' gives {dim}: ask for {dim} or leave Dimensions null.");

    internal static NotSupportedException OtherModel(string asked, string model) =>
        new($"EmbeddingGenerationOptions.ModelId asks for '{asked}', but this generator runs '{model}': use a generator of that model or leave ModelId null.");

    internal static NotSupportedException NoRawRepresentation() =>
        new("EmbeddingGenerationOptions.RawRepresentationFactory has no meaning here: set FeatureExtractorOptions when the extractor is loaded.");

    [DoesNotReturn]
    internal static void NoImageUsable(string folder, string firstReason) =>
        throw new DatasetException($"None of the images in {folder} could be used; the first: {firstReason}");

    internal static ArgumentException TooManyCopies(int images, int views, int dim) =>
        new($"{images} images in {views} views with {dim} numbers each are more than one matrix can hold ({Array.MaxLength / dim} views): choose a smaller {nameof(TrainingPlan)}.{nameof(TrainingPlan.Augment)}, or fewer images.");

    internal static DatasetException NotAClass(string label, IEnumerable<string> known) =>
        new($"'{label}' is not a class of this classifier. Its classes are {Known(label, known)}. Rename the class, or leave it out.");

    internal static ArgumentException ClassifierIsInUse() =>
        new("This classifier already serves here, or it served before and is being closed: swap in a newly loaded or trained classifier.", "next");

    internal static ModelException NoClasses(string model) =>
        new($"{model} has no known classes of its own: its .model.json names no tensor of class scores. Train a classifier on it with `onnxtransfer train`.");

    internal static ArgumentException NothingToCompare() => new("There is no backbone to compare: name at least one.", "models");

    internal static ArgumentException MoreFoldsThanImages(int folds, int images) =>
        new($"{folds} folds of {images} usable images: each fold needs at least one image, so choose at most {images} folds or add images.");

    internal static DatasetException TooFewImagesForFolds(string label, string source, int images) =>
        new($"The class '{label}' of '{source}' has {images} usable image{(images == 1 ? "" : "s")}; folds need at least two of each class, one to learn from and one to judge by. Add images, or leave the class out.");

    internal static InvalidOperationException NothingTrained() =>
        new("This classifier has its backbone's own classes, and no head was trained, so there is nothing to save: use the backbone's file.");

    [DoesNotReturn]
    internal static void NoSuchUnit(int unit, string layer, int channels) =>
        throw new ArgumentOutOfRangeException(nameof(unit), unit, $"The layer '{layer}' has the units 0 to {channels - 1}, not {unit}.");

    internal static ArgumentException LayerHasNoPlaces(string layer, string shape) =>
        new($"The layer '{layer}' has the shape {shape}: only a layer with a known height and width can be drawn.");

    [DoesNotReturn]
    internal static void NoImageForPatches(int count, string firstReason) =>
        throw new DatasetException($"None of {count} images could be used to look for patches; the first: {firstReason}");

    [DoesNotReturn]
    internal static void HeadHasOtherDim(int head, int extractor, string model) =>
        throw new ArgumentException(head > extractor
            ? $"The head takes {head} features, but {model} gives {extractor}: train it only on vectors of this extractor. If it was trained on further columns, save it with ClassifierHead.Save and give it whole rows."
            : $"The head takes {head} features, but {model} gives {extractor}: use the extractor, with the layers, whose vectors the head was trained on.");

    internal static InvalidModelException ClassifierDisagrees(string path, float difference, float tolerance) =>
        new($"{path} does not give the probabilities that it gave when it was saved: one probability of its probe images is off by {difference:0.####}, but at most {tolerance:0.####} is allowed. The file was changed, or the network computes something else on this machine: copy the file again, or train again.");

    internal static ModelException CardOfClassifier(string path) =>
        new($"{path} is a trained classifier, which carries its card inside: write a card for the backbone's own file instead.");

    internal static ModelException CardOfOthers(string path, string owner) =>
        new($"No card is written beside {path}, because its folder belongs to {owner}: copy the file into a folder of your own and write the card there, or give the preprocessing whenever you open it (FeatureExtractorOptions.Preset, --preprocess).");

    internal static ModelException LabelsWithoutClasses(string path) =>
        new($"{path} has no classes of its own, as far as its graph shows, so labels have no meaning: leave them out, or state 'classes' in its .model.json.");

    internal static ModelException WeightsOfClassifier(string path) =>
        new($"{path} is a trained classifier, whose head fits its own backbone only: put other weights into the backbone, and train on that.");

    [DoesNotReturn]
    internal static void OptionsOfClassifier(IReadOnlyList<string> names, string why) =>
        throw new ArgumentException($"{string.Join(" and ", names.Select(name => "FeatureExtractorOptions." + name))} cannot be set for a classifier, because {why}: leave it out, or train on FeatureExtractor.Load with it.");

    internal static ModelException ModelTakesOneSize(string path, int? height, int? width, int otherHeight, int otherWidth) =>
        new($"The graph of {path} takes images of {width}x{height} pixels, not {otherWidth}x{otherHeight}: leave out the size, or use a network that was exported with a free size.");
}
