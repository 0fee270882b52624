using System.Text.Json;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>The JSON beside a <c>.npy</c> that says which row is which image.</summary>
internal static class IdFile
{
    internal static void Write(string path, EmbedIdsJson ids) =>
        AtomicFile.Write(path, [.. JsonSerializer.SerializeToUtf8Bytes(ids, JsonContracts.Default.EmbedIdsJson), (byte)'\n']);
}
