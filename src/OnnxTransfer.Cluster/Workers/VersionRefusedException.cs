namespace OnnxTransfer.Cluster.Workers;

/// <summary>The cluster runs another version of the tool: trying again is of no use.</summary>
internal sealed class VersionRefusedException(string message) : OnnxTransferException(message);
