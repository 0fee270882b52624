using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void MatrixHasWrongLength(long length, int rowCount, int dim) =>
        throw new ArgumentException($"A matrix of {rowCount} rows and {dim} columns has {(long)rowCount * dim} values, but {length} were given.");

    [DoesNotReturn]
    internal static void TensorNotFound(string model, string what, string name, IEnumerable<string> known) =>
        throw new ModelException($"{model} has no {what} '{name}'; it has {Known(name, known)}. Correct its .model.json.");

    [DoesNotReturn]
    internal static void InputNotFloat(string model, string input, string type) =>
        throw new ModelException($"The input '{input}' of {model} is {type}; an image input of float32 is needed.");

    [DoesNotReturn]
    internal static void InputNotAnImage(string model, string input, IEnumerable<int> dims) =>
        throw new ModelException($"The input '{input}' of {model} has the shape {Shape(dims)}; an image input has four axes.");

    [DoesNotReturn]
    internal static void InputHasOtherSize(string model, string input, IEnumerable<int> dims, IEnumerable<long> image) =>
        throw new ModelException(
            $"The input '{input}' of {model} has the shape {Shape(dims)}, but images are prepared as {Shape(image)}: use the size and the layout that the network was made for, in its .model.json or the Preprocess option.");

    [DoesNotReturn]
    internal static void OutputHasWrongLength(string model, string output, int batch, int rowLength, int values) =>
        throw new ModelException(
            $"The output '{output}' of {model} gave {values} values for {batch} images, where its .model.json promises {rowLength} for each: correct the tensor or its dimension there.");

    internal static ModelException RunFailed(string model, Exception inner) => new($"{model} failed to run: {OneLine(inner.Message)}", inner);

    internal static ModelException ModelDoesNotLoad(string model, Exception inner) =>
        new($"{model} is no model that ONNX Runtime can load: {OneLine(inner.Message)}", inner);

    [DoesNotReturn]
    internal static void CudaUnavailable(string obstacle) =>
        throw new ModelException($"CUDA was asked for and does not work: {OneLine(obstacle)} Use --provider auto or cpu to run on the CPU.");

    private static string Shape<T>(IEnumerable<T> dims) => $"[{string.Join(",", dims)}]";

    /// <summary>The first line of another library's message, ended as a sentence.</summary>
    private static string OneLine(string message)
    {
        var line = message.Split('\n', 2)[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
