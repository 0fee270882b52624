using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>Which operators of a network run where, as ONNX Runtime's own profile of one run tells.</summary>
internal static class NodePlacement
{
    private const string Suffix = "ExecutionProvider";

    /// <summary>Opens a network, runs one empty image, and counts.</summary>
    /// <param name="graph">The bytes of the ONNX file; its input is float32.</param>
    /// <param name="model">What to call the model in messages.</param>
    /// <param name="imageShape">The shape of one image.</param>
    /// <param name="settings">Where to run, by the name of the provider.</param>
    /// <returns>Provider, operator and number of nodes, the most frequent first.</returns>
    internal static IReadOnlyList<NodeCount> Of(byte[] graph, string model, long[] imageShape, SessionSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("onnxtransfer-").FullName;
        try
        {
            var (session, _) = SessionFactory.Open(graph, model, settings with { CaptureGraph = false }, options =>
            {
                options.ProfileOutputPathPrefix = Path.Combine(folder, "profile");
                options.EnableProfiling = true;
            });
            var profile = settings.Provider == ExecutionProvider.Cpu
                ? Profile(session, imageShape)
                : DeviceThread.Of(settings.Provider, settings.DeviceId).Run(() => Profile(session, imageShape));
            return Count(profile);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(model, exception);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Profile(InferenceSession session, long[] imageShape)
    {
        using var opened = session;
        var name = session.InputNames[0];
        long[] shape = [Math.Max(session.InputMetadata[name].Dimensions[0], 1), .. imageShape];
        using var run = new RunOptions();
        using var image = OrtValue.CreateTensorValueFromMemory(new float[shape.Aggregate(1L, (product, size) => product * size)], shape);
        session.Run(run, [name], [image], [session.OutputNames[0]]).Dispose();
        return File.ReadAllBytes(session.EndProfiling());
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
