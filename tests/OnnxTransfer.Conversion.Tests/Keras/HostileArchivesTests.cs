using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>
/// <c>.keras</c> archives made to harm: each is refused in one sentence, in memory that is bounded by its size. Nothing is ever unpacked to
/// the disk.
/// </summary>
public sealed class HostileArchivesTests
{
    private const int Megabyte = 1 << 20;
    private static readonly byte[] s_config = [.. """{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"InputLayer","config":{"name":"i","batch_input_shape":[null,4]}}]}}"""u8];
    private static readonly byte[] s_weights = [0x89, .. "HDF\r\n\u001a\n"u8, 0, 0, 0, 0, 0, 8, 8, .. new byte[93]];

    [Theory]
    [InlineData("config.json")]
    [InlineData("metadata.json")]
    [InlineData("model.weights.h5")]
    public void AnEntryThatUnpacksToAThousandTimesTheArchiveIsRefused(string entry)
    {
        byte[] blanks = [.. Enumerable.Repeat((byte)' ', 64 * Megabyte)];
        var zip = Zip([.. Sound().Where(one => one.Name != entry), (entry, blanks)]);
        Assert.InRange(zip.Length, 0, 128 << 10);
        Assert.Contains($"its '{entry}' unpacks to more than", Refusal(zip, 24 * Megabyte), StringComparison.Ordinal);
    }

    /// <summary>Text of nothing but brackets costs the parser most.</summary>
    [Fact]
    public void JsonOfManyValuesIsRefusedInBoundedMemory()
    {
        var json = new StringBuilder("[");
        for (var i = 0; i < Megabyte; i++) json.Append("{},");
        Refusal(Zip(("config.json", Encoding.ASCII.GetBytes(json.Append("{}]").ToString())), ("model.weights.h5", s_weights)), 128L * Megabyte);
    }

    /// <summary>The directory of an archive may state any length for an entry; what is there counts.</summary>
    [Theory]
    [InlineData(uint.MaxValue - 1)]
    [InlineData(int.MaxValue)]
    [InlineData(200_000_000)]
    [InlineData(0)]
    [InlineData(1)]
    public void AnEntryOfAnotherLengthThanItStatesIsRefused(uint length)
    {
        foreach (var level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Fastest])
        {
            var zip = Zip(level, [.. Sound()]);
            for (var at = zip.AsSpan().IndexOf("PK\u0001\u0002"u8); at >= 0;)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(at + 24), length);
                var next = zip.AsSpan(at + 4).IndexOf("PK\u0001\u0002"u8);
                at = next < 0 ? -1 : at + 4 + next;
            }

            Refusal(zip, 2 * Megabyte);
        }
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("metadata.json")]
    [InlineData("model.weights.h5")]
    public void AnEntryThatIsThereTwiceIsRefused(string entry) =>
        Assert.Contains($"it has '{entry}' 2 times", Refusal(Zip([.. Sound(), Sound().Single(one => one.Name == entry)]), 2 * Megabyte), StringComparison.Ordinal);

    [Fact]
    public void ManyEntriesTakeMemoryInProportionToTheArchive()
    {
        var zip = Zip([.. Enumerable.Range(0, 20_000).Select(i => ($"{i}", (byte[])[]))]);
        Assert.Contains("without a usable 'config.json'", Refusal(zip, 40L * zip.Length), StringComparison.Ordinal);
    }

    /// <summary>An entry is found by its whole name: what a path or a link to one of the two would be is another entry.</summary>
    [Theory]
    [InlineData("../config.json")]
    [InlineData("/config.json")]
    [InlineData("./config.json")]
    [InlineData("CONFIG.JSON")]
    [InlineData("a\\config.json")]
    public void ANameIsAText(string name)
    {
        using var folder = new TempFolder();
        var path = folder.File("m.keras");
        File.WriteAllBytes(path, Zip((name, s_config), ("model.weights.h5", s_weights)));
        Assert.Contains("without a usable 'config.json'", Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(path, folder.File("m.onnx"))).Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    /// <summary>A link in an archive is the text of its target, and a text is no model.</summary>
    [Fact]
    public void ALinkIsNotFollowed()
    {
        var zip = Zip(CompressionLevel.NoCompression, ("config.json", [.. "/etc/passwd"u8]), ("model.weights.h5", s_weights));
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(zip.AsSpan().IndexOf("PK\u0001\u0002"u8) + 38), 0xA1FF0000);
        Assert.DoesNotContain("root:", Refusal(zip, 2 * Megabyte), StringComparison.Ordinal);
    }

    private static (string Name, byte[] Content)[] Sound() => [("metadata.json", [.. "{\"keras_version\":\"3.3.3\"}"u8]), ("config.json", s_config), ("model.weights.h5", s_weights)];

    private static string Refusal(byte[] zip, long mostAllocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(zip)).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mostAllocated);
        Assert.True(message.StartsWith("the Keras model", StringComparison.Ordinal) && !message.Contains('\n', StringComparison.Ordinal), message);
        return message;
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries) => Zip(CompressionLevel.SmallestSize, entries);

    private static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }
}
