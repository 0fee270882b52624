using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

[Collection(nameof(Alone))]
public sealed class NativeHeapTests
{
    [Fact]
    public void What_is_free_between_used_blocks_goes_back_to_the_system()
    {
        const int Blocks = 4096, BlockBytes = 64 * 1024;
        var content = Enumerable.Repeat((byte)1, BlockBytes).ToArray();
        var blocks = new nint[Blocks];
        for (var i = 0; i < Blocks; i++)
        {
            blocks[i] = Marshal.AllocHGlobal(BlockBytes);
            Marshal.Copy(content, 0, blocks[i], BlockBytes);
        }

        // The last block stays in use, so that the C library cannot shrink the heap from its end.
        for (var i = 0; i < Blocks - 1; i++) Marshal.FreeHGlobal(blocks[i]);
        var before = ResidentBytes();
        NativeHeap.Trim();
        var after = ResidentBytes();
        Marshal.FreeHGlobal(blocks[^1]);
        // Only glibc keeps such memory; elsewhere the call does nothing.
        if (HasGlibc()) Assert.True(before - after > (long)Blocks * BlockBytes / 2, string.Create(CultureInfo.InvariantCulture, $"{before} bytes before, {after} after"));
        else Assert.InRange(after, 1, long.MaxValue);
    }

    private static bool HasGlibc() => OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "gnu_get_libc_version", out _);

    private static long ResidentBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
