using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void OnnxFileMissing(string path) =>
        throw new FileNotFoundException(
            Directory.Exists(path) ? $"{path} is {Internals.ForeignModel.DescribeFolder(path) ?? "a folder, not an ONNX file: give the path of a file in it"}." : $"There is no ONNX file at {path}; check the path.", path);

    [DoesNotReturn]
    internal static void OnnxFileTooLarge(string source, long bytes) =>
        throw new InvalidDataException($"{source} is a model of {bytes:N0} bytes, but an ONNX file can hold at most 2 GB; use a smaller model or one with its weights in external data files.");

    [DoesNotReturn]
    internal static void ModelOfAnotherKind(string source, string kind) => throw new InvalidDataException($"{source} is not an ONNX model but {kind}.");

    internal static InvalidDataException OnnxFileCorrupt(string source, long bytes, Exception inner) =>
        new($"{source} ({bytes:N0} bytes) is not a complete ONNX file: {inner.Message} Download or export it again.", inner);

    [DoesNotReturn]
    internal static void OnnxFileIsSomethingElse(string source, long bytes) =>
        throw new InvalidDataException($"{source} ({bytes:N0} bytes) is not an ONNX model: it has no graph or no operator set; give the .onnx file itself.");

    [DoesNotReturn]
    internal static void OnnxGraphWithoutOutputs(string source) =>
        throw new InvalidDataException($"The graph of {source} has no outputs, so nothing can be computed from it; export the model again.");

    [DoesNotReturn]
    internal static void OnnxTensorUnknown(string source, string tensor, IEnumerable<string> known) =>
        throw new ArgumentException($"{source} has no tensor named '{tensor}'; the nearest names are {Known(tensor, known)}. `onnxtransfer models layers` lists all.");

    internal static ArgumentException OnnxGraphsDoNotJoin(string front, string given, string model, string wanted) =>
        new($"{front} cannot come before {model}: it gives {given}, but {model} needs {wanted}.");

    [DoesNotReturn]
    internal static void OnnxInputUnknown(string source, string input, IEnumerable<string> known) =>
        throw new ArgumentException($"{source} has no input named '{input}'; it has {Known(input, known)}.");

    [DoesNotReturn]
    internal static void OnnxInputNotThisImage(string source, string input, OnnxElementType type, string shape, string wanted) =>
        throw new ArgumentException($"The input '{input}' of {source} is {type} {shape}, but a Float32 image {wanted} was expected; give the layout and size that the model has.");

    [DoesNotReturn]
    internal static void OnnxOperatorNotTranslated(string source, long opset, string opType, string node, long wanted) =>
        throw new NotSupportedException($"{source} has operator set {opset}. A graph in 8 bits needs set {wanted}, but {opType} '{node}' cannot be translated to it; export the model again with operator set {wanted} or later.");

    [DoesNotReturn]
    internal static void OnnxChannelValuesWrong(string name, int count) =>
        throw new ArgumentException($"{name} has {count} values, but an image has three channels.", name);

    [DoesNotReturn]
    internal static void OnnxNormalizationUnusable(int channel, double rescale, double mean, double std) =>
        throw new ArgumentException($"Channel {channel} is normalized as (pixel * {rescale} - {mean}) / {std}, which float32 cannot express; all numbers must be finite, and neither the factor nor the divisor 0.");

    [DoesNotReturn]
    internal static void OnnxTensorNameTaken(string source, string tensor) =>
        throw new ArgumentException($"{source} already has a tensor named '{tensor}'; choose another name for the new output.");

    [DoesNotReturn]
    internal static void OnnxNoTensorsToKeep() =>
        throw new ArgumentException("No tensor was named, but a graph must be cut at one or more tensors.");

    [DoesNotReturn]
    internal static void OnnxPoolingNeedsImage(string tensor, string shape) =>
        throw new ArgumentException($"The tensor '{tensor}' has shape {shape}, but pooling needs four axes: batch, height, width and channels.");

    [DoesNotReturn]
    internal static void OnnxTokensMissing(string source, string tensor, string shape) =>
        throw new ArgumentException($"The tensor '{tensor}' of {source} has shape {shape}, but this pooling needs the tokens of a transformer, [N,T,D]: choose another layer, or --pooling average, max or flatten.");

    internal static ArgumentException OnnxTokensUnclear(string source, string tensor, string shape) =>
        new($"The tensor '{tensor}' of {source} has shape {shape}, but the graph does not show which tokens are patches of the image: use --pooling flatten, or choose another layer.");

    [DoesNotReturn]
    internal static void OnnxNoClassToken(string source, string tensor, int patches) =>
        throw new ArgumentException($"The tensor '{tensor}' of {source} has no class token: all its {patches} tokens are patches of the image. Use --pooling mean-tokens.");

    internal static ArgumentException OnnxNoTokens(string source, string features) =>
        new($"The features '{features}' of {source} are not made of the tokens of a transformer, [N,T,D]: use --pooling average, max or flatten, or name a layer of tokens by --layer.");

    [DoesNotReturn]
    internal static void OnnxAxesUnclear(string source, string tensor, string shape) =>
        throw new ArgumentException($"The tensor '{tensor}' of {source} has shape {shape}, but the graph does not show which of its axes are height and width: use --pooling flatten, or choose another layer.");

    internal static ArgumentException OnnxTooFewBlocks(string source, string tensor, int count) =>
        new($"The tokens '{tensor}' of {source} are not the normalized output of at least {count} transformer blocks that add to their input: use --pooling cls+mean.");

    [DoesNotReturn]
    internal static void OnnxHeadHasWrongSize(string tensor, string shape, int weights, int bias) =>
        throw new ArgumentException($"A head on '{tensor}' of shape {shape} with {bias} biases needs weights [D,{bias}], where D is the length of one image's vector, but {weights} weights were given; pool the tensor first, or train on it as it is.");

    [DoesNotReturn]
    internal static void OnnxFeatureLengthUnknown(string source, string tensor, string shape) =>
        throw new ArgumentException($"The number of features of '{tensor}' of {source} is not known, because its shape is {shape}; pool it by Average or Max, or choose another layer.");

    [DoesNotReturn]
    internal static void OnnxInputNotAnImage(string source, string input, string shape) =>
        throw new InvalidDataException($"The input '{input}' of {source} has the shape {shape}, but an image input has four axes.");

    [DoesNotReturn]
    internal static void OnnxSizeDoesNotFit(string source, string size, string opType, string node, string why) =>
        throw new InvalidDataException($"{source} was not made for images of {size} pixels: {opType} '{node}' {why}; prepare images of the size it was trained on, or cut it at an earlier layer.");

    [DoesNotReturn]
    internal static void OnnxFeaturesDoNotFit(string source, string size, string tensor, string shape, int length, int dim) =>
        throw new InvalidDataException(
            $"With images of {size} pixels, '{tensor}' of {source} has the shape {shape}: {length} numbers for each image, but {dim} are expected. Prepare images of the size it was made for, or correct its .model.json.");

    [DoesNotReturn]
    internal static void OnnxTensorDataInvalid(string tensor, string reason) =>
        throw new InvalidDataException($"The constant '{tensor}' cannot be read: {reason}.");

    [DoesNotReturn]
    internal static void OnnxNoImageInput(string source, string inputs) =>
        throw new InvalidDataException($"{source} has no image input: none of its inputs ({inputs}) has four axes with 1, 3 or 4 channels, and no convolution reads one; give a .model.json that names the input.");

    internal static InvalidDataException OnnxExternalFileElsewhere(string source, string tensor, string location) =>
        new($"{source} keeps the weights '{tensor}' in '{location}', but only files below the model's own folder are read; place the file there and export the model with a relative location.");

    [DoesNotReturn]
    internal static void OnnxExternalFileMissing(string source, string tensor, string path) =>
        throw new InvalidDataException($"{source} keeps the weights '{tensor}' in {path}, but that file does not exist; place the data file beside the model.");

    [DoesNotReturn]
    internal static void OnnxBatchFixed(string source, string opType, string node, string tensor, string why) =>
        throw new NotSupportedException($"The fixed batch of {source} cannot be freed: {opType} '{node}' computes '{tensor}', and {why}. Export the model with a dynamic batch axis, or use it one image at a time.");

    [DoesNotReturn]
    internal static void OnnxBatchMixed(string source, string opType, string node, long size) =>
        throw new InvalidDataException($"{source} takes {size} images at a time, and {opType} '{node}' computes across them, so no image has features of its own. Export the model with a batch of one or a dynamic batch axis.");

    internal static InvalidDataException OnnxNoSpatialMap(string source, string features, string why) =>
        new($"{source} cannot show where it sees a class: its features '{features}' must be the average of a feature map, but '{features}' {why}.");

    internal static InvalidDataException OnnxNoColorFilters(string source) =>
        new($"{source} has no convolution of three input channels whose weights are floating-point constants, so there are no filters to draw; draw the feature maps of a layer instead.");

    [DoesNotReturn]
    internal static void WeightFileMissing(string path) =>
        throw new FileNotFoundException(Directory.Exists(path) ? $"{path} is a folder, not a weight file." : $"There is no weight file at {path}.", path);

    [DoesNotReturn]
    internal static void WeightFileKindUnknown(string path) =>
        throw new InvalidDataException(path.EndsWith(".h5", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".keras", StringComparison.OrdinalIgnoreCase)
            ? $"{path} is a file of Keras: KerasConverter.ReplaceWeights of the package OnnxTransfer.Conversion puts its weights into a network that was converted from Keras, and `onnxtransfer models weights` does the same. Other weights come from .safetensors, .npz or .onnx files."
            : $"{path} is not a weight file of a known kind: give a .safetensors, .npz or .onnx file.");

    [DoesNotReturn]
    internal static void WeightFileInvalid(string path, string reason) =>
        throw new InvalidDataException($"{path} is not a usable weight file: {reason}.");

    internal static InvalidDataException WeightFileDamaged(string path, Exception inner) =>
        new($"{path} is a damaged weight file: {inner.Message} Download or save it again.", inner);

    [DoesNotReturn]
    internal static void WeightsDoNotMatch(
        string path, string source, int matched, IReadOnlyList<string> missing, IReadOnlyList<string> wrongShape, IReadOnlyList<string> unused) =>
        throw new InvalidDataException(
            $"The weights of {path} do not fit {source}: {matched} match, {missing.Count} are missing ({Some(missing)}), "
            + $"{wrongShape.Count} have another shape ({Some(wrongShape)}), {unused.Count} of the file are not in the graph ({Some(unused)}).");

    internal static InvalidDataException OnnxNoPixelInput(string source) =>
        new($"{source} has no pixel input that OnnxTransfer added before its network.");
}
