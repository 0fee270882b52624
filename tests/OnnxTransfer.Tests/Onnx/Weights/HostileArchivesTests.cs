using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Weights;

/// <summary>
/// Weight files made to harm: each is refused in one sentence that names it, or reads as what it says, in memory that is bounded by its size.
/// Nothing is ever unpacked to the disk.
/// </summary>
public sealed class HostileArchivesTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("'<f4'", "False", "(1000000000, 1000000000)")]
    [InlineData("'<f4'", "False", "(1000000000000000000,)")]
    [InlineData("'<f4'", "False", "(9223372036854775807,)")]
    [InlineData("'<f4'", "False", "(9223372036854775808,)")]
    [InlineData("'<f4'", "False", "(2147483647,)")]
    [InlineData("'<f4'", "False", "(-1, 4)")]
    [InlineData("'<f4'", "False", "(2, -3)")]
    [InlineData("'<f4'", "False", "(4294967296, 4294967296)")]
    [InlineData("'<f4'", "False", "(8, 0, 1000000000000)")]
    [InlineData("'<f4'", "False", "(8, 9)")]
    [InlineData("'<f4'", "False", "(8, 7)")]
    [InlineData("'<f4'", "True", "(8, 8)")]
    [InlineData("'<f4'", "False", "8")]
    public void AnArrayThatIsNotWhatItsHeaderSaysIsRefused(string type, string order, string shape) =>
        AssertRefused(Zip(("w.npy", Npy($"{{'descr': {type}, 'fortran_order': {order}, 'shape': {shape}, }}", 256))));

    /// <summary>Arrays of other things than real numbers are no weights: Python's objects above all, whose reading would run code.</summary>
    [Theory]
    [InlineData("'|O'")]
    [InlineData("'<U10'")]
    [InlineData("'>f4'")]
    [InlineData("'<i8'")]
    [InlineData("[('a', '<f4')]")]
    public void AnArrayOfOtherThingsIsNoWeight(string type) =>
        Assert.Empty(WeightFile.Open(Written("w.npz", Zip(("w.npy", Npy($"{{'descr': {type}, 'fortran_order': False, 'shape': (8, 8), }}", 256))))));

    [Theory]
    [InlineData(1, 65535)]
    [InlineData(2, 65535)]
    [InlineData(2, 999_999)]
    [InlineData(2, int.MaxValue)]
    [InlineData(2, -1)]
    [InlineData(1, 0)]
    [InlineData(3, 118)]
    [InlineData(0, 118)]
    public void AHeaderThatEndsBehindTheFileIsRefused(byte version, int length)
    {
        var npy = Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }", 256);
        npy[6] = version;
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(npy.AsSpan(8), (ushort)length);
        else BinaryPrimitives.WriteInt32LittleEndian(npy.AsSpan(8), length);
        AssertRefused(Zip(("w.npy", npy)));
        File.WriteAllBytes(_folder.File("x.npy"), npy);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("x.npy", Assert.Throws<InvalidDataException>(() => FeatureMatrix.LoadNpy(_folder.File("x.npy"))).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * Megabyte);
    }

    /// <summary>The directory of an archive may state any length for an entry; what is there counts.</summary>
    [Theory]
    [InlineData(uint.MaxValue - 1)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0u)]
    [InlineData(1u)]
    public void AnEntryOfAnotherLengthThanItStatesIsRefused(uint length)
    {
        var zip = Zip(("w.npy", Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }", 256)));
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(Directory(zip) + 24), length);
        AssertRefusedOrRead(zip, 64);
    }

    /// <summary>A megabyte of zeros is a kilobyte in the archive: it is unpacked only as far as the array goes.</summary>
    [Theory]
    [InlineData("(8, 8)")]
    [InlineData("(100000000,)")]
    public void AThousandTimesItsSizeIsRefused(string shape)
    {
        var zip = Zip(("w.npy", Npy($"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}", 64 * Megabyte)));
        Assert.InRange(zip.Length, 0, 128 << 10);
        var path = Written("w.npz", zip);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("w.npz", Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)["w"].Read()).Message, StringComparison.Ordinal);
        // An array that fits its header's shape is held once, whole; one that does not, not at all.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, shape == "(8, 8)" ? Megabyte : 256L * Megabyte);
    }

    [Fact]
    public void ManyEntriesTakeMemoryInProportionToTheArchive()
    {
        var zip = Zip([.. Enumerable.Range(0, 20_000).Select(i => ($"{i}.npy", (byte[])[]))]);
        AssertRefused(zip, 200L * zip.Length);
    }

    [Theory]
    [InlineData("w.npy")]
    public void AnArrayThatIsThereTwiceIsRefused(string name)
    {
        var npy = Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }", 256);
        Assert.Contains("'w.npy' twice", AssertRefused(Zip((name, npy), (name, Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8)))), StringComparison.Ordinal);
    }

    [Fact]
    public void ATensorThatIsThereTwiceIsRefused()
    {
        const string One = """ "w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]} """;
        Assert.Contains("'w' twice", Refusal("w.safetensors", Safetensors($$"""{{{One}},{{One}}}""", 8)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":null,"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":null}}""")]
    [InlineData("""{"w":null}""")]
    [InlineData("""{"w\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public void ATensorThatIsNotInTheFileIsRefused(string header)
    {
        if (header == """{"w":{"dtype":null}}""") Assert.Empty(WeightFile.Open(Written("w.safetensors", Safetensors(header, 8))));
        else Refusal("w.safetensors", Safetensors(header, 8));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(1L << 40)]
    [InlineData(100_000_001)]
    public void AHeaderOfAnyLengthIsRefused(long length)
    {
        var bytes = Safetensors("{}", 8);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        Refusal("w.safetensors", bytes);
    }

    /// <summary>Nothing is unpacked, so that a name, a link or a folder in an archive is a text and no path.</summary>
    [Theory]
    [InlineData("../../escaped.npy")]
    [InlineData("/tmp/escaped.npy")]
    [InlineData("C:\\escaped.npy")]
    [InlineData("..\\escaped.npy")]
    [InlineData("link.npy")]
    [InlineData(".npy")]
    [InlineData("a/b/../c.npy")]
    public void ANameIsAText(string name)
    {
        var zip = Zip((name, Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }", 256)));
        // Unix's mark of a symbolic link, in the directory's external attributes.
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(Directory(zip) + 38), 0xA1FF0000);
        var path = Written("w.npz", zip);

        var (found, weights) = Assert.Single(WeightFile.Open(path));

        Assert.Equal((name[..^4], 64), (found, weights.Read().Length));
        Assert.Equal([path], System.IO.Directory.GetFileSystemEntries(_folder.Path));
        var network = _folder.File("net.onnx");
        TinyBackbone.Write(network);
        Assert.Throws<ModelException>(() => ModelFile.Open(network).ReplaceWeights(path, _folder.File("out.onnx")));
        Assert.False(File.Exists(_folder.File("out.onnx")));
    }

    /// <summary>A constant of another network that is not what its shape says: the message names the file too.</summary>
    [Fact]
    public void AConstantThatIsNotWhatItsShapeSaysIsRefusedWithItsFile()
    {
        var path = _folder.File("w.onnx");
        TinyBackbone.Write(path);
        var model = OnnxModel.Load(path);
        model.Graph.Initializer.Single(tensor => tensor.Name == "weights").Dims[0] = 1;
        model.Save(path);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)["weights"].Read()).Message, StringComparison.Ordinal);
    }

    private string AssertRefused(byte[] zip, long mostAllocated = 2 * Megabyte)
    {
        var path = Written("w.npz", zip);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var weights in WeightFile.Open(path).Values) weights.Read();
        });
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mostAllocated);
        Assert.Contains("w.npz", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    private void AssertRefusedOrRead(byte[] zip, int count)
    {
        var path = Written("w.npz", zip);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Assert.Equal(count, WeightFile.Open(path)["w"].Read().Length);
        }
        catch (InvalidDataException error)
        {
            Assert.Contains("w.npz", error.Message, StringComparison.Ordinal);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * Megabyte);
    }

    private string Refusal(string name, byte[] bytes)
    {
        var path = Written(name, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var weights in WeightFile.Open(path).Values) weights.Read();
        }).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * Megabyte);
        Assert.Contains(name, message, StringComparison.Ordinal);
        return message;
    }

    private string Written(string name, byte[] bytes)
    {
        File.WriteAllBytes(_folder.File(name), bytes);
        return _folder.File(name);
    }

    /// <summary>Where the first entry of an archive's directory begins.</summary>
    private static int Directory(byte[] zip) => zip.AsSpan().IndexOf("PK\u0001\u0002"u8);

    private static byte[] Safetensors(string header, int bytes) =>
        [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[bytes]];

    private static byte[] Npy(string dictionary, int bytes)
    {
        var text = dictionary.PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. new byte[bytes]];
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }
}
