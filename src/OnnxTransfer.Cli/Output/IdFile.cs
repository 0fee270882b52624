using System.Text.Json;

namespace OnnxTransfer.Cli.Output;

/// <summary>The JSON beside a <c>.npy</c> that says which row is which image.</summary>
internal static class IdFile
{
    internal static void Write(string path, EmbedIdsJson ids)
    {
        var partial = path + ".partial";
        File.WriteAllText(partial, JsonSerializer.Serialize(ids, JsonContracts.Default.EmbedIdsJson) + "\n");
        File.Move(partial, path, overwrite: true);
    }
}
