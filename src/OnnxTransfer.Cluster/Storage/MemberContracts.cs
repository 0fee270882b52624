using System.Text.Json.Serialization;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>What the table of members holds as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StoredMember))]
internal sealed partial class MemberContracts : JsonSerializerContext;
