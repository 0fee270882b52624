using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void OptionOutOfRange(string name, object value, string right) =>
        throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}, but must be {right}.");

    [DoesNotReturn]
    internal static void FeaturesHaveWrongDim(int given, int expected) =>
        throw new ArgumentException($"The features have {given} dimensions, but this head was trained on {expected}: use the backbone and layer it was trained with.");

    [DoesNotReturn]
    internal static void TooFewClasses(int classCount) =>
        throw new ArgumentException($"A classifier needs at least two classes, but there {(classCount == 1 ? "is" : "are")} {classCount}.");

    internal static InvalidDataException NotAHead(int layerCount) =>
        new($"The {layerCount} dense layers are not a classifier's: the last one must end in a softmax.");

    [DoesNotReturn]
    internal static void WeightsHaveWrongShape(long length, int dim, int classCount) =>
        throw new ArgumentException($"Weights of {dim} dimensions and {classCount} classes are {(long)dim * classCount} numbers, but {length} were given.");

    [DoesNotReturn]
    internal static void NoRows() =>
        throw new ArgumentException("There are no feature vectors: at least one row is needed.");

    [DoesNotReturn]
    internal static void LabelsDoNotMatchRows(int labels, int rows) =>
        throw new ArgumentException($"There are {rows} feature vectors but {labels} labels: every row needs one label.");

    [DoesNotReturn]
    internal static void FeatureNotFinite(int row, int column, float value) =>
        throw new ArgumentException($"Feature {column} of row {row} is {value}: features must be finite numbers. Leave that row out, or find out why the backbone gave it.");

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
        throw new ArgumentException($"The validation features have {given} dimensions, the training features {expected}: both must come from the same backbone and layer.");

    internal static string DivergedMessage(int step, double loss, double learningRate) =>
        $"Training diverged: the loss of step {step} is {loss:G4}. Use a smaller learning rate than {learningRate}; the last good weights are kept.";
}
