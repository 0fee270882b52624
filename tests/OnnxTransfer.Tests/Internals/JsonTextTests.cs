using System.Text;
using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

/// <summary>Texts that are not Unicode are damage like any other: in every JSON file that anybody may have written.</summary>
public sealed class JsonTextTests : IDisposable
{
    /// <summary>Half of a surrogate pair, the second half alone, an invalid byte, a byte sequence that ends too early, an overlong one, a surrogate in UTF-8.</summary>
    private static readonly byte[][] s_wrong = [[.. "\\ud800"u8], [.. "\\uDC00x"u8], [0xFF], [0xE2, 0x82], [0xC0, 0x80], [0xED, 0xA0, 0x80]];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsUnicodeIsAccepted()
    {
        foreach (var json in (string[])["{}", "\"\"", "[1,\"ä🌷\",{\"\\ud83c\\udf37\":null}]", "{\"a\":{\"a\":\"\\n\\u0000\"}}", "7"]) JsonText.RequireUnicode(Encoding.UTF8.GetBytes(json));
    }

    [Fact]
    public void TheLineIsNamed()
    {
        foreach (var text in s_wrong) Assert.Equal(1, Assert.Throws<JsonException>(() => JsonText.RequireUnicode([.. "{\n \"a\": \""u8, .. text, .. "\"}"u8])).LineNumber);
    }

    [Theory]
    [InlineData("{\"", "\":1}")]
    [InlineData("{\"id\":\"", "\"}")]
    [InlineData("{\"model_type\":\"", "\"}")]
    [InlineData("{\"id2label\":{\"", "\":\"a\"}}")]
    [InlineData("{\"id2label\":{\"0\":\"", "\"}}")]
    [InlineData("{\"preprocess\":{\"mean\":[\"", "\"]}}")]
    [InlineData("{\"pretrained_cfg\":{\"", "\":1}}")]
    [InlineData("[\"", "\"]")]
    public void EveryDoorThatReadsJsonRefusesItWithTheFile(string before, string after)
    {
        foreach (var text in s_wrong)
        {
            byte[] json = [.. Encoding.UTF8.GetBytes(before), .. text, .. Encoding.UTF8.GetBytes(after)];
            var model = _folder.File("tiny.onnx");
            TinyBackbone.Write(model);
            var card = ModelCard.PathFor(model);
            File.WriteAllBytes(card, json);
            Assert.Contains(card, Assert.Throws<InvalidModelException>(() => ModelFile.Open(model)).Message, StringComparison.Ordinal);
            File.Delete(card);
            foreach (var name in ModelFolder.ConfigNames)
            {
                File.WriteAllBytes(_folder.File(name), json);
                Assert.Contains(name, Assert.Throws<InvalidModelException>(() => ModelFile.Open(model)).Message, StringComparison.Ordinal);
                File.Delete(_folder.File(name));
            }

            var table = _folder.File("table.jsonl");
            File.WriteAllBytes(table, json);
            Assert.Contains(table, Assert.ThrowsAny<OnnxTransferException>(() => ImageDataset.FromJsonLines(table)).Message, StringComparison.Ordinal);
        }
    }
}
