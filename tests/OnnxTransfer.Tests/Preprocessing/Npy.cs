using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>A NumPy array file, version 1, C order, of bytes or little-endian float32.</summary>
internal sealed partial record Npy(int[] Shape, byte[] Data, bool IsFloat)
{
    public byte[] Bytes => IsFloat ? throw new InvalidOperationException("floats") : Data;

    public float[] Floats => IsFloat ? MemoryMarshal.Cast<byte, float>(Data).ToArray() : throw new InvalidOperationException("bytes");

    public static Npy Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var start = 10 + BitConverter.ToUInt16(file, 8);
        var header = Encoding.ASCII.GetString(file, 10, start - 10);
        var shape = ShapeText().Match(header).Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();
        return new Npy(shape, file[start..], header.Contains("'<f4'", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapeText();
}
