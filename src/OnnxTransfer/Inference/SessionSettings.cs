namespace OnnxTransfer.Inference;

/// <summary>Where and how a network is to run.</summary>
/// <param name="Provider">Where.</param>
/// <param name="Threads">Threads for one run on the CPU; 0 is one for each core that the process may use.</param>
/// <param name="DeviceId">The device's number, from 0; of no meaning to the CPU.</param>
/// <param name="CaptureGraph">Whether a device is to record its work once for each batch size and to replay it from then on.</param>
/// <param name="IsHalf">Whether the network computes in float16; some providers need this setting.</param>
/// <param name="PlanFolder">Where a provider that plans for minutes keeps its plans; null for nowhere.</param>
/// <param name="LongestRun">The time limit of one run; null for none.</param>
internal sealed record SessionSettings(
    ExecutionProvider Provider, int Threads = 0, int DeviceId = 0, bool CaptureGraph = false, bool IsHalf = false, string? PlanFolder = null,
    TimeSpan? LongestRun = null)
{
    internal static SessionSettings OnCpu(int threads = 0, TimeSpan? longestRun = null) => new(ExecutionProvider.Cpu, threads, LongestRun: longestRun);
}
