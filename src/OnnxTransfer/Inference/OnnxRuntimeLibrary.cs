using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>ONNX Runtime's native library, which comes in a package of the application's choice.</summary>
internal static class OnnxRuntimeLibrary
{
    /// <summary>ONNX Runtime reads it once, when its library starts, and sends nothing if it is 1.</summary>
    private const string DisableTelemetry = "ORT_DISABLE_TELEMETRY";

    private static readonly Lazy<bool> s_isThere = new(() => NativeLibrary.TryLoad("onnxruntime", typeof(InferenceSession).Assembly, searchPath: null, out _));

    /// <summary>Makes sure that there is a library to call.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message names the package to add.</exception>
    internal static void Require()
    {
        if (!s_isThere.Value) Throw.OnnxRuntimeNotFound(RuntimeInformation.RuntimeIdentifier);
    }

    /// <summary>
    /// Switches ONNX Runtime's telemetry off, unless the application has set the switch <c>OnnxTransfer.OnnxRuntimeTelemetry</c> or its user
    /// the variable. It has to happen before any ONNX Runtime type is touched, here or in the application, so it happens when this assembly
    /// is loaded.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The ModuleInitializer attribute should not be used in libraries", Justification = "Nothing later is early enough.")]
    internal static void SwitchTelemetryOff()
    {
        if (Environment.GetEnvironmentVariable(DisableTelemetry) is not null) return;
        if (AppContext.TryGetSwitch("OnnxTransfer.OnnxRuntimeTelemetry", out var wanted) && wanted) return;
        Environment.SetEnvironmentVariable(DisableTelemetry, "1");
        // On Unix .NET keeps a copy of the environment, which native code does not see.
        if (!OperatingSystem.IsWindows()) _ = SetNativeVariable(DisableTelemetry, "1", overwrite: 1);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNativeVariable(string name, string value, int overwrite);
}
