using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Features;

/// <summary>
/// Adds CUDA to a session. Builds of ONNX Runtime carry it in one of two ways: compiled in, as in
/// Microsoft.ML.OnnxRuntime.Gpu, or as a plug-in library beside the runtime's own, which is registered with the
/// environment first.
/// </summary>
internal static class CudaProvider
{
    private const string CompiledName = "CUDAExecutionProvider";
    private const string PluginName = "OnnxTransfer.Cuda";

    private static readonly Lock s_gate = new();
    private static bool s_registered;

    /// <summary>Asks for CUDA on the first device.</summary>
    /// <returns>Null when the session will run on CUDA, else why it cannot, in one sentence.</returns>
    internal static string? TryAppend(SessionOptions options)
    {
        try
        {
            if (OrtEnv.Instance().GetAvailableProviders().Contains(CompiledName))
            {
                options.AppendExecutionProvider_CUDA();
                return null;
            }

            if (FindPlugin() is not { } library) return "this build of ONNX Runtime has no CUDA provider; that of the package Microsoft.ML.OnnxRuntime.Gpu has one.";
            Register(library);
            var devices = OrtEnv.Instance().GetEpDevices().Where(device => device.EpName == CompiledName).Take(1).ToList();
            if (devices.Count == 0) return "ONNX Runtime's CUDA library is here, but it finds no NVIDIA GPU on this machine.";
            options.AppendExecutionProvider(OrtEnv.Instance(), devices, new Dictionary<string, string>());
            return null;
        }
        catch (OnnxRuntimeException exception)
        {
            return exception.Message.Split('\n', 2)[0].Trim();
        }
    }

    private static void Register(string library)
    {
        // Once per process: a second registration under the same name is an error, and the environment is the process's.
        lock (s_gate)
        {
            if (s_registered) return;
            OrtEnv.Instance().RegisterExecutionProviderLibrary(PluginName, library);
            s_registered = true;
        }
    }

    /// <summary>The provider's library where .NET looks for native libraries; null when there is none.</summary>
    private static string? FindPlugin()
    {
        var file = OperatingSystem.IsWindows() ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
        var folders = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Append(AppContext.BaseDirectory).Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }
}
