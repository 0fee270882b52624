using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Conversion.Tests.Keras;
using OnnxTransfer.Conversion.Tests.TfLite;
using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Conversion.Tests;

/// <summary>Every format that somebody may give to every converter: each converts or ends in one sentence of a kind that is documented.</summary>
public sealed class EveryFormatTests
{
    private static readonly string s_json = File.ReadAllText(Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", "small.model.json"));

    private static readonly Dictionary<string, byte[]> s_formats = new()
    {
        ["tflite"] = TfLite(),
        ["model.json"] = Encoding.UTF8.GetBytes(s_json),
        ["graph model"] = [.. "{\"format\":\"graph-model\",\"modelTopology\":{\"node\":[{\"name\":\"x\",\"op\":\"Placeholder\"}]},\"weightsManifest\":[]}"u8],
        ["architecture alone"] = [.. "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"s\",\"layers\":[{\"class_name\":\"InputLayer\",\"config\":{\"name\":\"i\",\"batch_input_shape\":[null,4]}}]}}"u8],
        ["onnx"] = TfLiteConverter.Convert(TfLite()),
        ["torch"] = Zip(("archive/data.pkl", [0x80, 2, 0x7d, 0x71])),
        ["zip"] = Zip(("readme.txt", [.. "hello"u8])),
        ["keras without weights"] = Zip(("metadata.json", [.. "{\"keras_version\":\"3.3.3\"}"u8]), ("config.json", [.. "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[]}}"u8])),
        ["keras with broken weights"] = Zip(("config.json", [.. "[1,2]"u8]), ("model.weights.h5", [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[100]])),
        ["empty zip"] = Zip(),
        ["hdf5"] = [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[200]],
        ["pickle"] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc],
        ["safetensors"] = [0x40, 0, 0, 0, 0, 0, 0, 0, .. "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"u8],
        ["html"] = [.. "<!DOCTYPE html><html><body>404</body></html>"u8],
        ["lfs"] = [.. "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n"u8],
        ["saved model"] = [8, 1, 0x12, 4, 0x0a, 2, 0x2a, 0],
        ["ort"] = [0x20, 0, 0, 0, .. "ORTM"u8, .. new byte[40]],
        ["json list"] = [.. "[]"u8],
        ["json number"] = [.. "7"u8],
        ["null"] = [.. "null"u8],
        ["empty"] = [],
        ["one byte"] = [0x89],
    };

    private static byte[] TfLite()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4, 4, 3), c = b.Tensor("c", 1, 4, 4, 2), y = b.Tensor("y", 1, 2);
        b.Op(TfLiteOp.Conv2D, [x, b.Constant("w", [2, 1, 1, 3], new float[6]), -1], c, new FlatNode { [1] = 1, [2] = 1 });
        b.Op(TfLiteOp.Mean, [c, b.Constant("axes", 1, 2)], y, new FlatNode { [0] = false });
        return b.Build([x], y);
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
                using (var entry = zip.CreateEntry(name).Open()) entry.Write(content);
        return bytes.ToArray();
    }

    /// <summary>By each converter, with each of its options: the sentences, one for each refusal.</summary>
    private static List<string> Refusals(byte[] file)
    {
        var sentences = new List<string>();
        Action[] converters =
        [
            () => TfLiteConverter.Convert(file), () => TfLiteConverter.Convert(file, new TfLiteOptions { KeepQuantized = true, FloatShare = 0, Height = 5 }),
            () => KerasConverter.Convert(file), () => KerasConverter.Convert(file, _ => KerasConverterTests.Weights()), () => KerasConverter.Convert(file, _ => new byte[7]),
            () => KerasConverter.Convert(file, new KerasOptions { Architecture = "mobilenet_v2" }),
        ];
        foreach (var convert in converters)
        {
            try
            {
                convert();
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException or ArgumentException)
            {
                sentences.Add(e.Message);
            }
        }

        return sentences;
    }

    [Fact]
    public void EveryFormatIsConvertedOrRefusedInASentence()
    {
        foreach (var (format, bytes) in s_formats)
        {
            var sentences = Refusals(bytes);
            Assert.True(sentences.Count >= 3, format);
            Assert.All(sentences, s => Assert.True(s.Length is > 30 and < 500 && !s.Contains('\n', StringComparison.Ordinal) && s.EndsWith('.'), $"{format}: {s}"));
        }
    }

    [Fact]
    public void MutatedFilesAreConvertedOrRefusedInASentence()
    {
        var mutation =
            from format in Gen.Elements(s_formats.Keys.Where(k => s_formats[k].Length > 0))
            from kind in Gen.Choose(0, 4)
            from at in Gen.Choose(0, 1 << 20)
            from value in Gen.Choose(0, 255)
            select (format, kind, at, value);
        Prop.ForAll(mutation.ToArbitrary(), m =>
        {
            var bytes = (byte[])s_formats[m.format].Clone();
            var at = m.at % bytes.Length;
            switch (m.kind)
            {
                case 0: bytes[at] = (byte)m.value; break;
                case 1: bytes = bytes[..at]; break;
                case 2: bytes = [.. bytes[..at], (byte)m.value, .. bytes[at..]]; break;
                case 3: bytes.AsSpan(at, Math.Min(4, bytes.Length - at)).Fill(255); break;
                // The head of one format with the body of another.
                default:
                    var other = s_formats.Values.ElementAt(m.value % s_formats.Count);
                    bytes = [.. bytes[..Math.Min(bytes.Length, 8 + (at % 64))], .. other];
                    break;
            }

            return Refusals(bytes).TrueForAll(s => s.Length > 20);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void RandomBytesAreRefused()
    {
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            Assert.Equal(6, Refusals(bytes).Count);
        }
    }
}
