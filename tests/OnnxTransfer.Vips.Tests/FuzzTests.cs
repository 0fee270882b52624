using System.Diagnostics;

namespace OnnxTransfer.Vips.Tests;

public sealed class FuzzTests
{
    [Fact]
    public async Task Decoders_MutatedImages_GivePixelsOrAnImageDecodeException()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.Contains("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "OnnxTransfer.Fuzz.dll"), "decoders", "--inputs", "2000", "--seed", "1" })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((0, ""), (process.ExitCode, await errors));
        Assert.Contains("2000 inputs of seed 1", output, StringComparison.Ordinal);
    }
}
