using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Inference;

/// <summary>Opens networks in ONNX Runtime on the requested provider, and reports the provider in use.</summary>
internal static class SessionFactory
{
    /// <summary>The version of the ONNX Runtime library that is loaded.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message names the package to add.</exception>
    internal static string RuntimeVersion
    {
        get
        {
            OnnxRuntimeLibrary.Require();
            return OrtEnv.Instance().GetVersionString();
        }
    }

    /// <summary>Opens a network.</summary>
    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="name">The name of the network in messages.</param>
    /// <param name="settings">
    /// Where to run. Auto chooses between CUDA and the CPU. TensorRT plans for minutes before its first run, and the other providers
    /// change more digits, so they are used only when you name them.
    /// </param>
    /// <param name="configure">Sets what else is wanted of the session; null for nothing.</param>
    /// <exception cref="ModelException">The graph is no valid model, or a provider was asked for by name and does not work.</exception>
    internal static (NetworkRunner Runner, ExecutionProviderInfo Provider) Open(
        byte[] graph, string name, SessionSettings settings, Action<SessionOptions>? configure = null)
    {
        if (settings.Provider == ExecutionProvider.Cpu) return (OpenOnCpu(graph, name, settings, configure), new(ExecutionProvider.Cpu, "the CPU was asked for."));

        var wanted = DeviceProvider.Of(settings.Provider == ExecutionProvider.Auto ? ExecutionProvider.Cuda : settings.Provider);
        var (runner, obstacle) = TryOpen(wanted, graph, name, settings, configure);
        if (runner is not null) return (runner, new(wanted.Provider, $"{wanted.Title} works on this machine."));

        // Either the model is bad, and then the CPU's error says so, or the provider is.
        var fallback = OpenOnCpu(graph, name, settings, configure);
        if (settings.Provider == ExecutionProvider.Auto) return (fallback, NotUsable(wanted, obstacle!));
        fallback.Dispose();
        Throw.ProviderUnavailable(wanted.Title, obstacle!);
        return default;
    }

    /// <summary>Opens a network on a device.</summary>
    /// <returns>The network; or null and why there is none, in one sentence.</returns>
    internal static (NetworkRunner? Runner, string? Obstacle) TryOpen(
        DeviceProvider wanted, byte[] graph, string name, SessionSettings settings, Action<SessionOptions>? configure = null)
    {
        var ((runner, missing), failure) = RuntimeErrors.Try<(NetworkRunner?, string?)>(() =>
        {
            if (wanted.PlansForMinutes && settings.PlanFolder is { } folder) settings = settings with { PlanFolder = PlansOf(graph, folder) };
            return DeviceThread.Of(wanted.Provider, settings.DeviceId).Run<(NetworkRunner?, string?)>(() =>
            {
                using var options = Options(settings, configure);
                return wanted.TryAppend(options, settings) is { } obstacle ? (null, obstacle) : (new NetworkRunner(new InferenceSession(graph, options), name, settings.LongestRun), null);
            });
        });
        return (runner, failure ?? missing);
    }

    /// <summary>Says of a provider that was only tried why the CPU is used.</summary>
    internal static ExecutionProviderInfo NotUsable(DeviceProvider wanted, string obstacle) => new(ExecutionProvider.Cpu, $"{wanted.Title} is not usable: {obstacle}");

    private static NetworkRunner OpenOnCpu(byte[] graph, string name, SessionSettings settings, Action<SessionOptions>? configure)
    {
        using var options = Options(settings, configure);
        var session = RuntimeErrors.WhileLoading(name, () => new InferenceSession(graph, options));
        // ONNX Runtime frees two to three copies of the weights while it opens a network, and the C library would keep their memory.
        NativeHeap.Trim();
        return new NetworkRunner(session, name, settings.LongestRun);
    }

    private static SessionOptions Options(SessionSettings settings, Action<SessionOptions>? configure)
    {
        OnnxRuntimeLibrary.Require();
        // The number is explicit, because ONNX Runtime's own 0 counts all cores of the machine, also in a container with fewer.
        var options = new SessionOptions { IntraOpNumThreads = Cores.Count(settings.Threads), LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // A thread that has nothing to do sleeps: spinning would take the core from the decoder and from other programs.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        configure?.Invoke(options);
        return options;
    }

    /// <summary>A folder for this graph alone: TensorRT tells plans apart by names and shapes, which networks with other weights share.</summary>
    private static string PlansOf(byte[] graph, string folder) =>
        Directory.CreateDirectory(Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(graph))[..16])).FullName;
}
