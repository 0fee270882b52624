using System.Text.Json.Serialization;

namespace OnnxTransfer.Cluster.Jobs;

/// <summary>What the database holds of jobs, as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JobState))]
[JsonSerializable(typeof(JobListState))]
internal sealed partial class StateContracts : JsonSerializerContext;
