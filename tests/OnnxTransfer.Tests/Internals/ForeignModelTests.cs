using System.IO.Compression;
using System.Text;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

/// <summary>Other kinds of models given for an ONNX file: each is named, with the command that helps, by every door.</summary>
public sealed class ForeignModelTests
{
    public static TheoryData<string, byte[], string> Kinds => new()
    {
        { "net.tflite", [0x1c, 0, 0, 0, .. "TFL3"u8, .. new byte[40]], "a TFLite model: convert it with `onnxtransfer models convert " },
        { "net.onnx", [0x1c, 0, 0, 0, .. "TFL3"u8, .. new byte[40]], "a TFLite model" },
        { "net.h5", [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[80]], "an HDF5 file, as Keras writes: convert it with `onnxtransfer models convert " },
        { "net.keras", Zip("metadata.json"), "a Keras model: convert it with `onnxtransfer models convert " },
        { "net.pt", Zip("archive/data.pkl"), "torch.onnx.export" },
        { "net.pth", [0x80, 2, 0x8a, 10, .. new byte[40]], "torch.onnx.export" },
        { "net.npz", Zip("kernel.npy"), "onnxtransfer models weights" },
        { "net.zip", Zip("readme.txt"), "a zip archive: unpack it" },
        { "net.safetensors", [0x40, 0, 0, 0, 0, 0, 0, 0, .. "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"u8], "a safetensors file" },
        { "net.onnx", [.. "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n"u8], "a Git LFS pointer" },
        { "net.ort", [0x20, 0, 0, 0, .. "ORTM"u8, .. new byte[40]], "the ORT format" },
        { "net.onnx", [.. "\r\n<!DOCTYPE html><html><body>Not found</body></html>"u8], "a web page (HTML)" },
        { "model.json", [.. "{\"modelTopology\":{}}"u8], "the model.json of a TensorFlow.js model: convert it with `onnxtransfer models convert " },
    };

    private static byte[] Zip(string name)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8))
        using (var entry = zip.CreateEntry(name).Open()) entry.Write("content"u8);
        return bytes.ToArray();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AFileIsNamedByEveryDoor(string name, byte[] bytes, string expected)
    {
        using var folder = new TempFolder();
        var path = folder.File(name);
        File.WriteAllBytes(path, bytes);
        foreach (var open in (Action[])[() => FeatureExtractor.Load(path).Dispose(), () => ModelFile.Open(path), () => ImageClassifier.Load(path).Dispose()])
        {
            var error = Assert.ThrowsAny<Exception>(open);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("..", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AFolderIsNamedToo()
    {
        using var folder = new TempFolder();
        Assert.Contains("is a folder", Open().Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("model.json"), "{}");
        Assert.Contains("models convert", Open().Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("saved_model.pb"), "");
        Assert.Contains("SavedModel", Open().Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("model.onnx"), "");
        Assert.Contains(folder.File("model.onnx"), Open().Message, StringComparison.Ordinal);

        Exception Open() => Assert.ThrowsAny<ModelException>(() => ModelFile.Open(folder.Path));
    }
}
