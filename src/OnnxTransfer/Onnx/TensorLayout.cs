namespace OnnxTransfer;

/// <summary>The axis order of an image tensor.</summary>
public enum TensorLayout
{
    /// <summary><c>[N,C,H,W]</c>: PyTorch's order and that of ONNX's own convolutions.</summary>
    Nchw,

    /// <summary><c>[N,H,W,C]</c>: TensorFlow's order.</summary>
    Nhwc,
}
