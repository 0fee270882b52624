using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace OnnxTransfer.Benchmarks;

/// <summary>Arrays as files that NumPy reads, for as long as the peers need them.</summary>
internal sealed class PeerFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("onnxtransfer-peers-").FullName;

    public void Write<T>(string name, string type, ReadOnlySpan<T> values, params int[] shape)
        where T : unmanaged
    {
        var header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(',', shape)},), }}");
        header = header.PadRight((header.Length + 10 + 1 + 63) / 64 * 64 - 10 - 1) + '\n';
        using var file = File.Create(System.IO.Path.Combine(Path, name));
        file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)]);
        for (; values.Length > 0; values = values[Math.Min(values.Length, 1 << 24)..])
            file.Write(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, 1 << 24)]));
    }

    /// <summary>The values of a float32 array that a peer has written.</summary>
    public float[] Read(string name)
    {
        var bytes = File.ReadAllBytes(System.IO.Path.Combine(Path, name));
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + BitConverter.ToUInt16(bytes, 8))).ToArray();
    }

    /// <summary>Runs a peer to its end and gives what it printed.</summary>
    public static string Ask(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        return answer;
    }

    /// <summary>Runs a peer to its end and reads the JSON object that it printed last.</summary>
    public static T Ask<T>(string program, string[] arguments)
    {
        var answer = Ask(program, arguments);
        return JsonSerializer.Deserialize<T>(answer[answer.LastIndexOf('{')..], JsonSerializerOptions.Web)!;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
