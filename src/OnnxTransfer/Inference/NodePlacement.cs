using System.Text.Json;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Inference;

/// <summary>Which operators of a network run where, as ONNX Runtime's own profile of one run tells.</summary>
internal static class NodePlacement
{
    private const string Suffix = "ExecutionProvider";

    /// <summary>Opens a network, runs one empty image, and counts.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="settings">Where to run, by the name of the provider.</param>
    /// <returns>Provider, operator and number of nodes, the most frequent first.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal static IReadOnlyList<NodeCount> Of(NetworkGraph graph, SessionSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("onnxtransfer-").FullName;
        try
        {
            var (runner, _) = SessionFactory.Open(graph.ToBytes(), graph.Name, settings with { CaptureGraph = false }, options =>
            {
                options.GraphOptimizationLevel = graph.Optimization;
                options.ProfileOutputPathPrefix = Path.Combine(folder, "profile");
                options.EnableProfiling = true;
            });
            var profile = settings.Provider == ExecutionProvider.Cpu
                ? Profile(runner, graph)
                : DeviceThread.Of(settings.Provider, settings.DeviceId).Run(() => Profile(runner, graph));
            return Count(profile);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Profile(NetworkRunner runner, NetworkGraph graph)
    {
        using var opened = runner;
        long[] shape = [Math.Max(runner.Session.InputMetadata[graph.Input].Dimensions[0], 1), .. graph.ImageShape];
        runner.Run<float>(graph.Input, new float[Sizes.Product(shape)], shape, [graph.Output]).Dispose();
        return File.ReadAllBytes(RuntimeErrors.WhileRunning(graph.Name, runner.Session.EndProfiling));
    }

    private static List<NodeCount> Count(byte[] profile)
    {
        using var events = JsonDocument.Parse(profile);
        var nodes =
            from node in events.RootElement.EnumerateArray()
            where node.TryGetProperty("cat", out var category) && category.ValueEquals("Node")
            let details = node.GetProperty("args")
            where details.TryGetProperty("provider", out _) && details.TryGetProperty("op_name", out _)
            let provider = details.GetProperty("provider").GetString()!
            select (Provider: provider.EndsWith(Suffix, StringComparison.Ordinal) ? provider[..^Suffix.Length] : provider, Operator: details.GetProperty("op_name").GetString()!);
        return [.. nodes.GroupBy(node => node).Select(group => new NodeCount(group.Key.Provider, group.Key.Operator, group.Count())).OrderByDescending(node => node.Count)];
    }
}
