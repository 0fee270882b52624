namespace OnnxTransfer.Preprocessing;

/// <summary>The axis order of an image tensor.</summary>
public enum TensorLayout
{
    /// <summary><c>[N,3,H,W]</c>: PyTorch's and most ONNX models' order.</summary>
    Nchw,

    /// <summary><c>[N,H,W,3]</c>: TensorFlow's order.</summary>
    Nhwc,
}
