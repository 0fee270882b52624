using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void ClassHasNoUsableImage(string label, string source) =>
        throw new DatasetException($"The class '{label}' of {source} has no training image that could be used: repair its images or remove the class.");

    [DoesNotReturn]
    internal static void ClassNotInTraining(string label, string source) =>
        throw new DatasetException($"The class '{label}' of {source} has no image in the training set: add one, or remove the class from the other sets.");

    /// <summary>The file may also be a folder.</summary>
    internal static ModelNotFoundException ClassifierNotFound(string path) => new(Directory.Exists(path)
        ? $"'{path}' is a folder, but a classifier is an .onnx file: give its path, or make one with `onnxtransfer train DATA --out FILE.onnx`."
        : $"There is no classifier '{path}' (looked for {Path.GetFullPath(path)}): check the path, or make one with `onnxtransfer train DATA --out {path}`.");

    internal static InvalidModelException NotAClassifier(string path) =>
        new($"{path} is not a classifier that OnnxTransfer saved: its metadata has no labels and no head. Make one with `onnxtransfer train DATA --out FILE.onnx`, or use the file as a --backbone.");

    internal static InvalidModelException HeadWithoutBackbone(string path) =>
        new($"{path} is a head without a backbone, so it cannot read images: load it with ClassifierHead.Load, and join it to its backbone with ImageClassifier.Create.");

    internal static ModelException ProbeNotFinite(string path) =>
        new($"The classifier was not saved to {path}: its network gives NaN or infinity for the drawn images that every classifier's file is checked by. Use another model, layer or precision.");

    internal static ModelException HeadNotFinite() => new("The head has a weight that is NaN or infinite, so its file would be refused: train it again, or build it from finite numbers.");

    internal static InvalidModelException ClassifierDamaged(string path, string what, Exception? inner = null) =>
        new($"{path} is a damaged classifier: {what} Train or copy it again.", inner);

    internal static InvalidModelException ClassifierOfAnotherVersion(string path, string? format, string known) =>
        new($"{path} is a classifier in format {format ?? "unknown"}, but this version reads format {known}: use the version of OnnxTransfer that saved it, or train again.");

    internal static ModelException SavedClassifierDiffers(string path, string what) =>
        new($"{path} was not written, because the saved file failed its check: {what}. The classifier in memory is unchanged. If the disk is sound, please report this as a defect of OnnxTransfer.");

    [DoesNotReturn]
    internal static void FeaturesHaveWrongDim(int given, int expected) =>
        throw new ArgumentException($"The features have {given} dimensions, but this head was trained on {expected}: use the backbone and layer it was trained with.");

    [DoesNotReturn]
    internal static void TooFewClasses(int classCount) =>
        throw new ArgumentException($"A classifier needs at least two classes, but there {(classCount == 1 ? "is" : "are")} {classCount}.");

    internal static InvalidDataException NotAHead(IEnumerable<string> activations) =>
        new($"Dense layers with the activations {string.Join(", ", activations)} do not make a classifier: Relu must follow every layer but the last, and Softmax or Sigmoid must follow the last.");

    internal static InvalidDataException LayersDoNotFit(int layer, int outputs, int inputs) =>
        new($"Layer {layer - 1} has {outputs} outputs, but layer {layer} takes {inputs} inputs: the numbers must be equal.");

    [DoesNotReturn]
    internal static void WeightsHaveWrongShape(long length, int dim, int classCount) =>
        throw new ArgumentException($"Weights of {dim} dimensions and {classCount} classes are {(long)dim * classCount} numbers, but {length} were given.");

    [DoesNotReturn]
    internal static void NoRows() =>
        throw new ArgumentException("There are no feature vectors: at least one row is needed.");

    [DoesNotReturn]
    internal static void GroupsDoNotMatchRows(int groups, int rows) =>
        throw new ArgumentException($"There are {rows} feature vectors but {groups} groups: every row needs the number of its group.");

    [DoesNotReturn]
    internal static void LabelsDoNotMatchRows(int labels, int rows) =>
        throw new ArgumentException($"There are {rows} feature vectors but {labels} labels: every row needs one label.");

    [DoesNotReturn]
    internal static void FeatureNotFinite(int row, int column, float value) =>
        throw new ArgumentException($"Feature {column} of row {row} is {value}: features must be finite numbers. Leave that row out, or find out why the backbone gave it.");

    [DoesNotReturn]
    internal static void StoredFeatureNotFinite(string folder, long row, int column, float value) =>
        throw new InvalidDataException($"Feature {column} of row {row} of the feature set {folder} is {value}: features must be finite numbers. Find out why the backbone gave it, and make the set again without that image.");

    [DoesNotReturn]
    internal static void StoredRowWithoutLabel(string folder, long row) =>
        throw new ArgumentException($"Row {row} of the feature set {folder} has no label: to train on a set, embed images that are in class folders.");

    [DoesNotReturn]
    internal static void ValidationOfAnotherNetwork(string folder, string difference) =>
        throw new ArgumentException($"The validation set {folder} does not fit the training set, because its rows come from {difference}: make both with the same network and options.");

    internal static ArgumentException StoredClassNotInTraining(string folder, string label) =>
        new($"The feature set {folder} has rows of the class '{label}', but the training set has none: add some there, or leave these out here.");

    [DoesNotReturn]
    internal static void BatchLargerThanWindow(long batch, long capacity, long memoryBudget) =>
        throw new ArgumentException($"A batch of {batch} rows does not fit into a window of {capacity} rows, a quarter of the memory budget of {memoryBudget >> 20} MiB: use smaller batches or a larger budget.");

    [DoesNotReturn]
    internal static void OptionNeedsMemory(string option) =>
        throw new ArgumentException($"{option} needs all rows in memory, and the memory budget has no room for them: leave it out, or use a larger budget.");

    [DoesNotReturn]
    internal static void LabelOutOfRange(string set, int row, int label, int classCount) =>
        throw new ArgumentException($"The label of {set} row {row} is {label}, but with {classCount} classes labels go from 0 to {classCount - 1}.");

    [DoesNotReturn]
    internal static void MoreClassesThanRows(int classCount, int rows) =>
        throw new ArgumentException($"There are {classCount} classes but only {rows} training rows: every class needs at least one.");

    [DoesNotReturn]
    internal static void ClassWithoutRows(int index) =>
        throw new ArgumentException($"Class {index} has no training row: give it at least one, or leave the class out.");

    [DoesNotReturn]
    internal static void ValidationHasWrongDim(int given, int expected) =>
        throw new ArgumentException($"The validation features have {given} dimensions, but the training features have {expected}: both must come from the same backbone and layer.");

    internal static string DivergedMessage(int step, double loss, double learningRate) =>
        $"Training diverged: the loss of step {step} is {loss:G4}. Use a smaller learning rate than {learningRate}, or smaller sample weights if the rows have weights; the last good weights are kept.";

    [DoesNotReturn]
    internal static void TargetOutOfRange(int row, int column, float value) =>
        throw new ArgumentException($"Target {column} of row {row} is {value}, but must be in [0, 1].");

    [DoesNotReturn]
    internal static void WeightsDoNotMatchRows(int weights, int rows) =>
        throw new ArgumentException($"There are {rows} feature vectors but {weights} sample weights: give every row a weight, or give no weights.");

    [DoesNotReturn]
    internal static void SampleWeightOutOfRange(int row, float value) =>
        throw new ArgumentException($"The sample weight of row {row} is {value}, but must be a finite number of at least 0.");

    [DoesNotReturn]
    internal static void LabelKindDiffers(string set, int labels, int classCount) =>
        throw new ArgumentException(labels == 0
            ? $"The {set} rows have one class each, but the training rows have multiple labels: both must be of the same kind."
            : $"The {set} rows have {labels} labels each, but there are {classCount} classes: give every row one value for each class.");

    [DoesNotReturn]
    internal static void MultiLabelNeedsSigmoid() =>
        throw new ArgumentException("Rows with multiple labels need TrainingOptions.Sigmoid = true: a softmax allows only one label for each row.");

    [DoesNotReturn]
    internal static void SigmoidNeedsTwoClasses(int classCount) =>
        throw new ArgumentException($"A sigmoid head tells two classes apart, but there are {classCount}: leave TrainingOptions.Sigmoid off, or give the rows multiple labels.");

    [DoesNotReturn]
    internal static void ClassWeightsDoNotMatch(int weights, int classCount) =>
        throw new ArgumentException($"There are {classCount} classes but {weights} class weights: every class needs one.");

    [DoesNotReturn]
    internal static void OptionsExclude(string one, string other) =>
        throw new ArgumentException($"{one} and {other} exclude each other: leave one out.");

    [DoesNotReturn]
    internal static void TuningNeedsOneClass() =>
        throw new ArgumentException("Rows with multiple labels cannot be tuned: give every row one class, or choose the options of the head by CrossValidate.");

    [DoesNotReturn]
    internal static void NoValuesToTry() =>
        throw new ArgumentException("TuningOptions.Values is empty: give at least one value of L2, or leave it null for 13 values around the default.");

    [DoesNotReturn]
    internal static void TooFewGroupsForFolds(int folds, int groups) =>
        throw new ArgumentException($"{folds} folds of {groups} groups of rows leave a fold empty, because the rows of a group, such as near duplicates, stay together: choose at most {groups} folds.");

    [DoesNotReturn]
    internal static void TooFewRowsForFolds(int folds, int rows) =>
        throw new ArgumentException($"{folds} folds need at least {folds} rows of each class, but the smallest class has {rows}: use fewer folds, or give more rows.");

    [DoesNotReturn]
    internal static void ScheduleNeedsEpochs() =>
        throw new ArgumentException("A cosine schedule ends at the last step, so it needs the number of epochs: set TrainingOptions.Epochs, or use another schedule.");

    [DoesNotReturn]
    internal static void CalibrationNeedsValidation(string option, string source) =>
        throw new ArgumentException($"{option} fits the probabilities on images that are not trained on, but '{source}' has no validation set: give one, or a split with a share for validation.");

    internal static InvalidOperationException NotCalibrated() =>
        new("The classifier has no calibration, so it cannot say which classes a set needs: train it with Calibrate (`train --calibrate`) and a validation set.");

    [DoesNotReturn]
    internal static void OptionNeedsValidation(string option) =>
        throw new ArgumentException($"{option} uses the validation loss, but there is no validation set: give one, or set ValidationFraction.");

    [DoesNotReturn]
    internal static void TooFewRowsToHoldOut(double fraction, int rows) =>
        throw new ArgumentException($"A validation fraction of {fraction} of {rows} training rows leaves one of the two sets empty: give more rows, or another fraction.");

    internal static InvalidModelException NotAHeadFile(string path) =>
        new($"{path} is not a head that OnnxTransfer saved: its metadata has no labels. Write one with ClassifierHead.Save or ImageClassifier.SaveHead.");
}
