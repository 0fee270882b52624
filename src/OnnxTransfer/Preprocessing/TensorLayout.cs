using OnnxTransfer.Onnx.Editing;

namespace OnnxTransfer;

/// <summary>The axis order of an image tensor.</summary>
public enum TensorLayout
{
    /// <summary><c>[N,3,H,W]</c>: PyTorch's and most ONNX models' order.</summary>
    Nchw,

    /// <summary><c>[N,H,W,3]</c>: TensorFlow's order.</summary>
    Nhwc,
}

/// <summary>
/// The same order in the words of the ONNX file. They are two enums because a public one belongs to a stage, and the file's format knows no
/// stage; this is the one place where they meet.
/// </summary>
internal static class TensorLayouts
{
    internal static OnnxImageLayout ToOnnx(this TensorLayout layout) => layout == TensorLayout.Nchw ? OnnxImageLayout.Nchw : OnnxImageLayout.Nhwc;

    internal static TensorLayout ToTensor(this OnnxImageLayout layout) => layout == OnnxImageLayout.Nchw ? TensorLayout.Nchw : TensorLayout.Nhwc;
}
