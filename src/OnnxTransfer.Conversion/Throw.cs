using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OnnxTransfer.Conversion.TfLite;
using Names = OnnxTransfer.Throw;

namespace OnnxTransfer.Conversion;

/// <summary>Every message of the converter, one named method per failure.</summary>
[StackTraceHidden]
internal static class Throw
{
    [DoesNotReturn]
    internal static void NotTfLite(string source, long bytes, string? kind) =>
        throw new InvalidDataException(kind is not null ? $"{source} is not a TFLite model but {kind}." : $"{source} ({bytes:N0} bytes) is not a TFLite model: the mark TFL3 is missing at byte 4; give the .tflite file itself.");

    [DoesNotReturn]
    internal static void Damaged(string source, long position, string what) =>
        throw new InvalidDataException($"{source} is a damaged TFLite file: at byte {position}, {what}. Download or export it again.");

    [DoesNotReturn]
    internal static void Amplified(string source, long budget) =>
        throw new InvalidDataException($"{source} is a damaged TFLite file: its tables refer to the same bytes so often that reading them would take more than {budget:N0} bytes. Download or export it again.");

    [DoesNotReturn]
    internal static void Malformed(string source, string what) =>
        throw new InvalidDataException($"{source} is not a consistent TFLite model: {what}. Export it again.");

    [DoesNotReturn]
    internal static void TensorUnknown(string source, string tensor, IEnumerable<string> known) =>
        throw new ArgumentException($"{source} has no tensor named '{tensor}' that an operator computes; the nearest names are {Names.Known(tensor, known)}.");

    [DoesNotReturn]
    internal static void OperatorUnknown(string source, TfLiteOperator op, string output, IEnumerable<string> before)
    {
        if (op.CustomName == "edgetpu-custom-op")
            throw new NotSupportedException($"{source} was compiled for the Edge TPU, and its layers are machine code of that chip; convert the file that it was compiled from, usually the one without _edgetpu in its name.");
        var names = string.Join(' ', before.Distinct());
        throw new NotSupportedException($"Operator {op.Index} of {source}, the {op.DisplayName} that computes '{output}', cannot be converted to ONNX; cut the model before it by naming earlier outputs{(names.Length > 0 ? $": --outputs {names}" : "")}.");
    }

    [DoesNotReturn]
    internal static void OutputInPieces(string source, string output) =>
        throw new NotSupportedException($"The output '{output}' of {source} holds several pieces of each image in its batch (between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND); name an output before or behind these operators.");

    [DoesNotReturn]
    internal static void InputNotReal(string source, string input, TfLiteType type) =>
        throw new NotSupportedException($"The input '{input}' of {source} takes {type} numbers, but only networks whose inputs are real numbers or bytes, as images are, are converted.");

    [DoesNotReturn]
    internal static void StateUnsupported(string source, string tensor) =>
        throw new NotSupportedException($"{source} reads '{tensor}', which no operator computes: it is a state that the model keeps from one run to the next, and only networks without a state are converted.");

    [DoesNotReturn]
    internal static void ConstantUnsupported(string source, string tensor, int[] shape) =>
        throw new NotSupportedException($"{source} uses the constant '{tensor}' [{string.Join(",", shape)}] where each image needs a copy of its own, and this is converted only for one of real numbers whose first axis is 1.");

    [DoesNotReturn]
    internal static void TensorSparse(string source, string tensor) =>
        throw new NotSupportedException($"The tensor '{tensor}' of {source} is stored in sparse form, which is not converted; export the model again without sparsity.");

    [DoesNotReturn]
    internal static void OperatorUnsupported(string source, TfLiteOperator op, string output, string why) =>
        throw new NotSupportedException($"Operator {op.Index} of {source}, the {op.DisplayName} that computes '{output}', cannot be converted to ONNX: {why}.");

    [DoesNotReturn]
    internal static void OperatorMalformed(string source, TfLiteOperator op, string why) =>
        throw new InvalidDataException($"Operator {op.Index} of {source}, {op.DisplayName}, is inconsistent: {why}. Export the model again.");

    [DoesNotReturn]
    internal static void SizeNotSettable(string source, string inputs) =>
        throw new ArgumentException($"Height and width can be set only for a model with one image input, but {source} has the inputs {inputs}.");

    internal static ArgumentException InputNotSquare(string source, string preset, int? height, int? width) =>
        new($"The input of {source} is {height?.ToString(CultureInfo.InvariantCulture) ?? "any"} by {width?.ToString(CultureInfo.InvariantCulture) ?? "any"} pixels, but the preprocessing '{preset}' makes square images of a fixed size: set height and width to the same number, or convert without the preprocessing and write the .model.json by hand.");

    [DoesNotReturn]
    internal static void NotHdf5(string source, long bytes) =>
        throw new InvalidDataException($"{source} ({bytes:N0} bytes) is not an HDF5 file: its mark is missing; give the .h5 file itself.");

    [DoesNotReturn]
    internal static void Hdf5Damaged(string source, ulong address, string what) =>
        throw new InvalidDataException($"{source} is a damaged HDF5 file: at byte {address}, {what}. Download it or save it again.");

    [DoesNotReturn]
    internal static void Hdf5Unsupported(string source, string why) =>
        throw new NotSupportedException($"{source} cannot be read: {why}.");

    [DoesNotReturn]
    internal static void KerasOnlyWeights(string source) =>
        throw new NotSupportedException($"{source} has weights but no architecture, as model.save_weights and the files of keras.applications have: name the architecture with --architecture ({string.Join(", ", Keras.KerasArchitecture.Names)}), or save the whole model with model.save.");

    [DoesNotReturn]
    internal static void KerasNoLayers(string source) =>
        throw new NotSupportedException($"{source} is an HDF5 file without a list of layers, so Keras did not write it as a model or as its weights; save the model with model.save(\"model.keras\").");

    [DoesNotReturn]
    internal static void KerasArchiveIncomplete(string source, string entry) =>
        throw new InvalidDataException($"{source} is a zip archive without a usable '{entry}', so it is not a Keras model; save the model with model.save(\"model.keras\").");

    [DoesNotReturn]
    internal static void KerasEntryTooLarge(string source, string entry, long most) =>
        throw new InvalidDataException($"{source} is a damaged Keras model: its '{entry}' unpacks to more than {most:N0} bytes. Download it or save it again.");

    internal static InvalidDataException KerasArchiveDamaged(string source, Exception inner) =>
        new($"{source} is a damaged Keras model: {inner.Message} Download it or save it again.", inner);

    [DoesNotReturn]
    internal static void KerasHasArchitecture(string source) =>
        throw new NotSupportedException($"{source} holds its architecture beside its weights; convert it without --architecture.");

    [DoesNotReturn]
    internal static void KerasLayerMissing(string source, string architecture, string layer, IEnumerable<string> known) =>
        throw new InvalidDataException($"{source} has no weights for the layer '{layer}' of {architecture}; the nearest names are {Names.Known(layer, known)}. Name the architecture that the file was saved from.");

    [DoesNotReturn]
    internal static void KerasLayerOther(string source, string architecture, string layer, string what) =>
        throw new InvalidDataException($"{source} does not have the weights of {architecture}: the layer '{layer}' {what}. Name the architecture that the file was saved from, and for a network with fully connected layers its own input size.");

    [DoesNotReturn]
    internal static void NotKeras(string source, string kind) => throw new InvalidDataException($"{source} is not a Keras model but {kind}.");

    [DoesNotReturn]
    internal static void NoKerasNames(string network, string weights) =>
        throw new InvalidDataException($"{network} does not have the names of Keras's layers, by which the weights of {weights} are found; only networks that `onnxtransfer models convert` wrote from Keras have them. Convert the network again, or convert {weights} itself.");

    [DoesNotReturn]
    internal static void KerasNamesWrong(string network, string constant) =>
        throw new InvalidDataException($"{network} is inconsistent: the constant '{constant}' has another size than the weights that it was made of. Convert the network again.");

    [DoesNotReturn]
    internal static void KerasWithoutWeights(string source) =>
        throw new NotSupportedException($"{source} is the architecture of a Keras model without its weights; give the .keras or .h5 file that has both.");

    [DoesNotReturn]
    internal static void ShardsNotGiven(string name) =>
        throw new ArgumentException($"The model.json keeps weights in '{name}': give the function that reads its shards as well.");

    internal static InvalidDataException KerasDamaged(string source, Exception inner) =>
        new($"{source} is not a Keras model that can be read: {inner.Message} Give the model.json of TensorFlow.js's layers format, a .keras or an .h5 file.", inner);

    [DoesNotReturn]
    internal static void KerasMalformed(string source, string what) =>
        throw new InvalidDataException($"{source} is not a consistent Keras model: {what}. Save or convert it again.");

    [DoesNotReturn]
    internal static void KerasGraphModel(string source) =>
        throw new NotSupportedException($"{source} is a TensorFlow.js graph model, which no longer has layers; convert the Keras model with tensorflowjs_converter --output_format=tfjs_layers_model.");

    [DoesNotReturn]
    internal static void LayerUnknown(string source, string layer, string kind) =>
        throw new NotSupportedException($"Layer '{layer}' of {source}, a {kind}, cannot be converted to ONNX; cut the model before it by naming earlier layers as outputs.");

    [DoesNotReturn]
    internal static void LayerUnsupported(string source, string layer, string kind, string why) =>
        throw new NotSupportedException($"Layer '{layer}' of {source}, a {kind}, cannot be converted to ONNX: {why}.");

    [DoesNotReturn]
    internal static void LayerNotFound(string source, string layer, IEnumerable<string> known) =>
        throw new ArgumentException($"{source} has no layer named '{layer}'; the nearest names are {Names.Known(layer, known)}.");

    [DoesNotReturn]
    internal static void ShardMissing(string source, string path) =>
        throw new FileNotFoundException($"{source} keeps weights in {path}, but that file does not exist; place all its shards beside the model.json.", path);

    internal static InvalidDataException ShardElsewhere(string source, string path) =>
        new($"{source} keeps weights in '{path}', but only files below the folder of the model.json are read.");
}
