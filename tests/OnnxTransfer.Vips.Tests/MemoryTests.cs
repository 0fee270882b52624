using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Vips.Tests;

/// <summary>The memory of decodes, measured in a process of its own, as Linux counts it.</summary>
public sealed class MemoryTests
{
    [LinuxFact("reads the peak of a process's memory from /proc")]
    [Trait("Category", "Long")]
    public async Task No_image_takes_more_than_the_gate_counts_for_it() => await RunAsync("--width", "6000", "--height", "4000");

    [LinuxFact("reads the peak of a process's memory from /proc")]
    [Trait("Category", "Long")]
    public async Task A_crowd_of_the_worst_small_files_stays_under_the_budget() =>
        await RunAsync("--threads", "16", "--budget", "512", "--width", "3000", "--height", "2000", "--file", Repository.SharedPath("cases", "hostile", "png_max1.png"));

    /// <summary>Opening a network gives back what ONNX Runtime no longer needs, and a crowd of threads leaves little behind.</summary>
    [SharedFact("models/mobilenet_v2_imagenet.onnx", onLinuxAlone: "reads a process's memory from /proc")]
    [Trait("Category", "Long")]
    public async Task An_open_network_holds_little_more_than_its_weights_after_a_crowd() => await RunAsync(
        "--network", Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"), "--photos", Repository.SharedPath("data", "flowers"), "--threads", "64", "--allowed", "300");

    private static async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.Contains("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As a user starts it, whatever the machine of the tests has set.
        foreach (var name in new[] { "GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_" }) start.Environment.Remove(name);
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "OnnxTransfer.Memory.dll"))) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await errors);
    }
}
