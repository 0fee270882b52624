using System.IO.Compression;
using System.Text;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Weights;

/// <summary>A thousand damaged files of each kind: every one is read or refused in words, and none costs much memory.</summary>
public sealed class DamagedWeightFilesTests : IDisposable
{
    private const int Files = 1000;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SafetensorsAreReadOrRefused() => ReadDamaged(".safetensors", Safetensors(), seed: 21, leastRefused: 300);

    [Fact]
    public void ArchivesOfNumPyAreReadOrRefused() => ReadDamaged(".npz", Npz(), seed: 22, leastRefused: 500);

    [Fact]
    public void AnArchiveThatUnpacksToMoreThanItsArraySaysIsRefused()
    {
        // The bytes of a thousand arrays behind the header of one: deflated, they are next to nothing.
        var path = _folder.File("bomb.npz");
        File.WriteAllBytes(path, Zip([.. NpyHeader("(8, 8)"), .. new byte[256 * 100_000]]));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)["w"].Read());

        Assert.Contains("'w.npy'", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private void ReadDamaged(string extension, byte[] whole, int seed, int leastRefused)
    {
        var (random, refused, path) = (new Random(seed), 0, _folder.File("w" + extension));
        File.WriteAllBytes(path, whole);
        Assert.All(WeightFile.Open(path), w => Assert.Equal(64, w.Value.Read().Length));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Files; i++)
        {
            File.WriteAllBytes(path, Damage(whole, i, random));
            try
            {
                foreach (var weights in WeightFile.Open(path).Values) weights.Read();
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("w" + extension, e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, leastRefused, Files - (Files / 100));
        // The reader's own buffers and the messages are what the constant is for.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Files * ((8L * whole.Length) + (64 << 10)));
    }

    private static byte[] Damage(byte[] whole, int kind, Random random)
    {
        var damaged = (byte[])whole.Clone();
        switch (kind % 4)
        {
            case 0: return damaged[..random.Next(damaged.Length)];
            case 1: damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8)); break;
            case 2: BitConverter.TryWriteBytes(damaged.AsSpan(random.Next(damaged.Length - 4)), random.Next(2) == 0 ? uint.MaxValue : (uint)random.Next()); break;
            // A digit or bracket of the text for another: valid syntax that is not true, or nearly valid.
            default:
                var at = random.Next(damaged.Length);
                while (!char.IsAsciiDigit((char)damaged[at]) && damaged[at] is not ((byte)',' or (byte)'[' or (byte)'(')) at = (at + 1) % damaged.Length;
                damaged[at] = (byte)"0123456789,[]"[random.Next(13)];
                break;
        }

        return damaged;
    }

    private static byte[] Safetensors()
    {
        var header = Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"np"},"a":{"dtype":"F32","shape":[8,8],"data_offsets":[0,256]},"b":{"dtype":"F16","shape":[64],"data_offsets":[256,384]}}""");
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[384]];
    }

    private static byte[] Npz() => Zip([.. NpyHeader("(8, 8)"), .. Enumerable.Range(0, 256).Select(i => (byte)(i * 7))]);

    private static byte[] NpyHeader(string shape)
    {
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text)];
    }

    private static byte[] Zip(byte[] npy)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("w.npy").Open();
            entry.Write(npy);
        }

        return stream.ToArray();
    }
}
