using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

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
/// <param name="Settings">What the provider is told, in its own words.</param>
/// <param name="Append">Adds the compiled-in provider with these settings.</param>
internal sealed record DeviceProvider(
    ExecutionProvider Provider, string Title, string RuntimeName, string Library, string Package,
    Func<SessionSettings, Dictionary<string, string>> Settings, Action<SessionOptions, Dictionary<string, string>> Append)
{
    private const string DeviceKey = "device_id";

    private static readonly Lock s_gate = new();
    private static readonly HashSet<string> s_registered = [];

    /// <summary>All there are.</summary>
    internal static IReadOnlyList<DeviceProvider> All { get; } =
    [
        new(ExecutionProvider.Cuda, "CUDA", "CUDAExecutionProvider", "onnxruntime_providers_cuda",
            "OnnxTransfer.Gpu, with CUDA and cuDNN installed", CudaSettings, AppendCuda),
        new(ExecutionProvider.TensorRt, "TensorRT", "TensorrtExecutionProvider", "onnxruntime_providers_tensorrt",
            "OnnxTransfer.Gpu, with CUDA and TensorRT installed", TensorRtSettings, static (options, settings) =>
            {
                using var tensorRt = new OrtTensorRTProviderOptions();
                tensorRt.UpdateOptions(settings);
                options.AppendExecutionProvider_Tensorrt(tensorRt);
                // Takes the nodes that TensorRT leaves.
                AppendCuda(options, new() { [DeviceKey] = settings[DeviceKey] });
            }),
        new(ExecutionProvider.DirectMl, "DirectML", "DmlExecutionProvider", "onnxruntime_providers_dml",
            "Microsoft.ML.OnnxRuntime.DirectML, on Windows", OnlyDevice, static (options, settings) =>
            {
                // Both are conditions of that provider.
                options.EnableMemoryPattern = false;
                options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
                options.AppendExecutionProvider_DML(int.Parse(settings[DeviceKey], CultureInfo.InvariantCulture));
            }),
        new(ExecutionProvider.CoreMl, "CoreML", "CoreMLExecutionProvider", "onnxruntime_providers_coreml",
            "OnnxTransfer, on macOS", static _ => [], static (options, settings) => options.AppendExecutionProvider("CoreML", settings)),
        new(ExecutionProvider.OpenVino, "OpenVINO", "OpenVINOExecutionProvider", "onnxruntime_providers_openvino",
            "Intel.ML.OnnxRuntime.OpenVino", static _ => [], static (options, settings) => options.AppendExecutionProvider("OpenVINO", settings)),
        new(ExecutionProvider.WebGpu, "WebGPU", "WebGpuExecutionProvider", "onnxruntime_providers_webgpu",
            "Microsoft.ML.OnnxRuntime.EP.WebGpu, with a driver for Vulkan, Direct3D 12 or Metal",
            static settings => settings.CaptureGraph ? new() { ["enableGraphCapture"] = "1" } : [],
            static (options, settings) => options.AppendExecutionProvider("WebGPU", settings)),
    ];

    /// <summary>Whether tensors may stay in the provider's own memory, and its work be recorded there. Of DirectML and TensorRT that is not known: they get and give tensors in this process's.</summary>
    internal bool KeepsTensors => Provider is ExecutionProvider.Cuda or ExecutionProvider.WebGpu;

    /// <summary>Whether a plan is worth keeping on disk.</summary>
    internal bool PlansForMinutes => Provider == ExecutionProvider.TensorRt;

    internal static DeviceProvider Of(ExecutionProvider provider) => All.First(one => one.Provider == provider);

    /// <summary>Asks for this provider.</summary>
    /// <param name="options">The session to be.</param>
    /// <param name="settings">Which device, and how.</param>
    /// <returns>Null when the session will run on it, else why it cannot, in one sentence.</returns>
    internal string? TryAppend(SessionOptions options, SessionSettings settings)
    {
        if (settings.DeviceId > 0 && !Settings(settings).ContainsKey(DeviceKey)) return $"{Title} has no numbered devices; leave out the number {settings.DeviceId}.";
        var (missing, failure) = RuntimeErrors.Try(() => AppendWhatIsThere(options, settings));
        return failure ?? missing;
    }

    /// <summary>Why this provider cannot be used, found out by running a network of one node on it; null when it can.</summary>
    internal string? Probe()
    {
        var settings = new SessionSettings(Provider);
        var (runner, obstacle) = SessionFactory.TryOpen(this, ProbeGraph(), "probe", settings);
        if (runner is null) return obstacle;
        return DeviceThread.Of(Provider, settings.DeviceId).Run(() =>
        {
            using var opened = runner;
            var (outputs, failure) = RuntimeErrors.Try(() => runner.Run<float>("x", new float[4], [1, 4], ["y"]));
            outputs?.Dispose();
            return failure;
        });
    }

    /// <summary>Adds the provider that is compiled in, or else the plug-in.</summary>
    /// <returns>Null when it is added, else what is missing, in one sentence.</returns>
    private string? AppendWhatIsThere(SessionOptions options, SessionSettings settings)
    {
        if (OrtEnv.Instance().GetAvailableProviders().Contains(RuntimeName))
        {
            Append(options, Settings(settings));
            return null;
        }

        if (FindPlugin() is not { } library) return $"this build of ONNX Runtime has no {Title} provider ({FileName} is not there either); add the package {Package}.";
        Register(library);
        var devices = OrtEnv.Instance().GetEpDevices().Where(one => one.EpName == RuntimeName).ToList();
        var device = settings.DeviceId;
        if (device >= devices.Count) return $"ONNX Runtime's {Title} library is here, but it finds {(devices.Count == 0 ? "no device for it on this machine" : $"only {devices.Count} devices, but number {device} was asked for")}.";
        options.AppendExecutionProvider(OrtEnv.Instance(), [devices[device]], AsPlugin(Settings(settings)));
        return null;
    }

    private static byte[] ProbeGraph()
    {
        var graph = new OnnxGraphBuilder("probe");
        graph.Input("x", OnnxElementType.Float32, 1, 4);
        graph.Node("Relu", "y", ["x"]);
        graph.Output("y", OnnxElementType.Float32, [1, 4]);
        return graph.Build("probe").ToBytes();
    }

    private static Dictionary<string, string> OnlyDevice(SessionSettings settings) => new() { [DeviceKey] = settings.DeviceId.ToString(CultureInfo.InvariantCulture) };

    private static Dictionary<string, string> CudaSettings(SessionSettings settings) =>
        new(OnlyDevice(settings)) { ["enable_cuda_graph"] = settings.CaptureGraph ? "1" : "0" };

    private static Dictionary<string, string> TensorRtSettings(SessionSettings settings)
    {
        var all = new Dictionary<string, string>(OnlyDevice(settings)) { ["trt_fp16_enable"] = settings.IsHalf ? "1" : "0" };
        if (settings.PlanFolder is not { } folder) return all;
        // Planning takes minutes: once for a network, a batch size and a GPU, and not in every process.
        (all["trt_engine_cache_enable"], all["trt_engine_cache_path"]) = ("1", folder);
        (all["trt_timing_cache_enable"], all["trt_timing_cache_path"]) = ("1", folder);
        return all;
    }

    private static void AppendCuda(SessionOptions options, Dictionary<string, string> settings)
    {
        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(settings);
        options.AppendExecutionProvider_CUDA(cuda);
    }

    /// <summary>A plug-in is told the device by its handle.</summary>
    private static Dictionary<string, string> AsPlugin(Dictionary<string, string> settings)
    {
        settings.Remove(DeviceKey);
        return settings;
    }

    private void Register(string library)
    {
        // Once per process: a second registration under the same name is an error, and the environment is the process's.
        lock (s_gate)
        {
            if (s_registered.Contains(library)) return;
            OrtEnv.Instance().RegisterExecutionProviderLibrary($"OnnxTransfer.{Title}", library);
            s_registered.Add(library);
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
