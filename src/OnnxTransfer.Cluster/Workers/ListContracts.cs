using System.Text.Json.Serialization;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>The ids and labels of one part.</summary>
[JsonSerializable(typeof(string?[]))]
internal sealed partial class ListContracts : JsonSerializerContext;
