namespace OnnxTransfer;

/// <summary>Where a network runs.</summary>
public enum ExecutionProvider
{
    /// <summary>CUDA if it works, otherwise the CPU. The choice and its reason are reported.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>NVIDIA CUDA, or an error: it never falls back to the CPU.</summary>
    Cuda,

    /// <summary>NVIDIA TensorRT, or an error. It takes minutes to plan a network that it opens for the first time.</summary>
    TensorRt,

    /// <summary>DirectML on Windows, or an error.</summary>
    DirectMl,

    /// <summary>CoreML on macOS, or an error.</summary>
    CoreMl,

    /// <summary>Intel OpenVINO, or an error.</summary>
    OpenVino,

    /// <summary>WebGPU: any GPU with a driver for Vulkan, Direct3D 12 or Metal, or an error.</summary>
    WebGpu,
}

/// <summary>The provider that a network runs on.</summary>
/// <param name="Provider">The provider in use; never <see cref="ExecutionProvider.Auto"/>.</param>
/// <param name="Reason">Why this provider and not a faster one, in one sentence.</param>
internal sealed record ExecutionProviderInfo(ExecutionProvider Provider, string Reason);
