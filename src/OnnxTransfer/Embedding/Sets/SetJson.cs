using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>The JSON files of a feature set. They end with a line break, which tells a whole file from one that lacks its end.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n",
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SetPlan))]
[JsonSerializable(typeof(SetManifest))]
[JsonSerializable(typeof(PartNames))]
internal sealed partial class SetJson : JsonSerializerContext
{
    internal static byte[] ToBytes<T>(T value, JsonTypeInfo<T> type) => [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'];

    /// <summary>The document; null where the bytes are not a whole one.</summary>
    internal static T? TryParse<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return bytes is [.., (byte)'}', (byte)'\n'] ? JsonSerializer.Deserialize(bytes, type) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The document of a file; null where there is none, or not a whole one.</summary>
    /// <exception cref="IOException">The file may not be read.</exception>
    internal static T? TryRead<T>(string path, JsonTypeInfo<T> type)
        where T : class => File.Exists(path) ? TryParse(InputFile.ReadAllBytes(path), type) : null;
}
