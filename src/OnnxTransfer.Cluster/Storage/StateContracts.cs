using System.Text.Json.Serialization;
using OnnxTransfer.Cluster.Jobs;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>What the database holds as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StoredMember))]
[JsonSerializable(typeof(JobState))]
[JsonSerializable(typeof(JobListState))]
internal sealed partial class StateContracts : JsonSerializerContext;
