using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Features;

/// <summary>
/// An execution provider besides the CPU, added to a session. Builds of ONNX Runtime carry one in one of two ways: compiled in,
/// as the package of its name does, or as a plug-in library beside the runtime's own, which is registered with the
/// environment first.
/// </summary>
/// <param name="Provider">Which one.</param>
/// <param name="Title">What people call it.</param>
/// <param name="RuntimeName">What ONNX Runtime calls it.</param>
/// <param name="Library">The plug-in library, without the system's prefix and ending.</param>
/// <param name="Package">A package of ONNX Runtime that has it, and what else it needs.</param>
/// <param name="Append">Adds the compiled-in provider for a device.</param>
internal sealed record DeviceProvider(
    ExecutionProvider Provider, string Title, string RuntimeName, string Library, string Package, Action<SessionOptions, int> Append)
{
    private static readonly Lock s_gate = new();
    private static readonly HashSet<string> s_registered = [];

    /// <summary>All there are.</summary>
    internal static IReadOnlyList<DeviceProvider> All { get; } =
    [
        new(ExecutionProvider.Cuda, "CUDA", "CUDAExecutionProvider", "onnxruntime_providers_cuda",
            "Microsoft.ML.OnnxRuntime.Gpu, with CUDA and cuDNN installed", static (options, device) => options.AppendExecutionProvider_CUDA(device)),
        new(ExecutionProvider.TensorRt, "TensorRT", "TensorrtExecutionProvider", "onnxruntime_providers_tensorrt",
            "Microsoft.ML.OnnxRuntime.Gpu, with CUDA and TensorRT installed", static (options, device) =>
            {
                options.AppendExecutionProvider_Tensorrt(device);
                // Takes the nodes that TensorRT leaves.
                options.AppendExecutionProvider_CUDA(device);
            }),
        new(ExecutionProvider.DirectMl, "DirectML", "DmlExecutionProvider", "onnxruntime_providers_dml",
            "Microsoft.ML.OnnxRuntime.DirectML, on Windows", static (options, device) =>
            {
                // Both are conditions of that provider.
                options.EnableMemoryPattern = false;
                options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
                options.AppendExecutionProvider_DML(device);
            }),
        new(ExecutionProvider.CoreMl, "CoreML", "CoreMLExecutionProvider", "onnxruntime_providers_coreml",
            "Microsoft.ML.OnnxRuntime, on macOS", static (options, _) => options.AppendExecutionProvider("CoreML")),
        new(ExecutionProvider.OpenVino, "OpenVINO", "OpenVINOExecutionProvider", "onnxruntime_providers_openvino",
            "Intel.ML.OnnxRuntime.OpenVino", static (options, _) => options.AppendExecutionProvider("OpenVINO")),
    ];

    internal static DeviceProvider Of(ExecutionProvider provider) => All.First(one => one.Provider == provider);

    /// <summary>Asks for this provider.</summary>
    /// <param name="options">The session to be.</param>
    /// <param name="device">The device's number, from 0.</param>
    /// <returns>Null when the session will run on it, else why it cannot, in one sentence.</returns>
    internal string? TryAppend(SessionOptions options, int device)
    {
        try
        {
            if (OrtEnv.Instance().GetAvailableProviders().Contains(RuntimeName))
            {
                Append(options, device);
                return null;
            }

            if (FindPlugin() is not { } library) return $"this build of ONNX Runtime has no {Title} provider ({FileName} is not there either); that of the package {Package}, has one.";
            Register(library);
            var devices = OrtEnv.Instance().GetEpDevices().Where(one => one.EpName == RuntimeName).ToList();
            if (device >= devices.Count) return $"ONNX Runtime's {Title} library is here, but it finds {(devices.Count == 0 ? "no device for it on this machine" : $"only {devices.Count} devices, and number {device} was asked for")}.";
            options.AppendExecutionProvider(OrtEnv.Instance(), [devices[device]], new Dictionary<string, string>());
            return null;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException or NotSupportedException)
        {
            return exception.Message.Split('\n', 2)[0].Trim();
        }
    }

    /// <summary>Why this provider cannot be used, found out by asking for it without any model; null when it can.</summary>
    internal string? Probe()
    {
        using var options = new SessionOptions();
        return TryAppend(options, device: 0);
    }

    private void Register(string library)
    {
        // Once per process: a second registration under the same name is an error, and the environment is the process's.
        lock (s_gate)
        {
            if (s_registered.Add(library)) OrtEnv.Instance().RegisterExecutionProviderLibrary($"OnnxTransfer.{Title}", library);
        }
    }

    private string FileName => OperatingSystem.IsWindows() ? $"{Library}.dll" : OperatingSystem.IsMacOS() ? $"lib{Library}.dylib" : $"lib{Library}.so";

    /// <summary>The provider's library where .NET looks for native libraries; null when there is none.</summary>
    private string? FindPlugin()
    {
        var folders = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Append(AppContext.BaseDirectory).Select(folder => Path.Combine(folder, FileName)).FirstOrDefault(File.Exists);
    }
}
