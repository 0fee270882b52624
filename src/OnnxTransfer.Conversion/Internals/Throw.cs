using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Conversion.TfLite;
using Names = OnnxTransfer.Internals.Throw;

namespace OnnxTransfer.Conversion.Internals;

/// <summary>Every message of the converter, one named method per failure.</summary>
[StackTraceHidden]
internal static class Throw
{
    [DoesNotReturn]
    internal static void NotTfLite(string source, long bytes) =>
        throw new InvalidDataException($"{source} ({bytes:N0} bytes) is not a TFLite model: the mark TFL3 is missing at byte 4; give the .tflite file itself.");

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
    internal static void OperatorUnknown(string source, TfLiteOperator op, string output) =>
        throw new NotSupportedException($"Operator {op.Index} of {source}, {op.DisplayName} which computes '{output}', cannot be converted to ONNX; cut the model before it by naming earlier outputs.");

    [DoesNotReturn]
    internal static void OperatorUnsupported(string source, TfLiteOperator op, string output, string why) =>
        throw new NotSupportedException($"Operator {op.Index} of {source}, {op.DisplayName} which computes '{output}', cannot be converted to ONNX: {why}.");

    [DoesNotReturn]
    internal static void OperatorMalformed(string source, TfLiteOperator op, string why) =>
        throw new InvalidDataException($"Operator {op.Index} of {source}, {op.DisplayName}, is inconsistent: {why}. Export the model again.");

    [DoesNotReturn]
    internal static void SizeNotSettable(string source, string inputs) =>
        throw new ArgumentException($"Height and width can be set only for a model with one image input, but {source} has the inputs {inputs}.");

    [DoesNotReturn]
    internal static void SizeNotPositive(string name, int value) =>
        throw new ArgumentOutOfRangeException(name, value, $"{name} must be between 1 and {TfLiteOptions.LargestSide} pixels, but is {value}.");

    [DoesNotReturn]
    internal static void NotTheExpectedAsset(string sha256, string expected) =>
        throw new InvalidDataException($"These bytes are not the Open Images detector that this backbone is made of: sha256 {sha256} instead of {expected}; take them from npm's @mediapipe/objectron 0.4.1675468480.");
}
