using System.Runtime.InteropServices;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Inference;

public sealed class OnnxRuntimeLibraryTests
{
    [Fact]
    public void Telemetry_is_off_for_native_code()
    {
        // Any use of the library loads it.
        OnnxRuntimeLibrary.Require();

        Assert.Equal("1", OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable("ORT_DISABLE_TELEMETRY") : Marshal.PtrToStringUTF8(NativeVariable("ORT_DISABLE_TELEMETRY")));
    }

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint NativeVariable(string name);
}
