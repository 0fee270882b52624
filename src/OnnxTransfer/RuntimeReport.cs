using System.Reflection;
using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer;

/// <summary>What this process has to work with: versions, decoder, execution providers, model folder.</summary>
public sealed class RuntimeReport
{
    private readonly ModelStore _store = new();

    private RuntimeReport()
    {
    }

    /// <summary>The version of this library.</summary>
    public string Version { get; } = typeof(RuntimeReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The .NET runtime.</summary>
    public string Runtime { get; } = RuntimeInformation.FrameworkDescription;

    /// <summary>Operating system, architecture and number of cores.</summary>
    public string System { get; } = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores";

    /// <summary>The default image decoder and its native version.</summary>
    public string Decoder { get; } = ImageDecoders.Default.Name;

    /// <summary>
    /// Each image format and the decoder that reads it, with its version; null where no decoder is registered for it. Reading this
    /// loads the native libraries of the registered decoders; one that cannot be loaded gives its error instead of a name.
    /// </summary>
    public IReadOnlyDictionary<ImageFormat, string?> Formats { get; } = ImageDecoders.Describe();

    /// <summary>The version of the ONNX Runtime library.</summary>
    public string OnnxRuntime { get; } = SessionFactory.RuntimeVersion;

    /// <summary>Each execution provider and why it cannot be used; null for one that can.</summary>
    public IReadOnlyDictionary<ExecutionProvider, string?> Providers { get; } = DeviceProvider.All
        .Select(device => KeyValuePair.Create(device.Provider, device.Probe()))
        .Prepend(KeyValuePair.Create<ExecutionProvider, string?>(ExecutionProvider.Cpu, null))
        .ToDictionary();

    /// <summary>The decoder and the resize kernels against their references, on images that the library carries.</summary>
    public IReadOnlyList<ParityResult> Parity { get; } = PreprocessingParity.Verify(ImageDecoders.Default);

    /// <summary>Where downloaded models are kept; null where this account has no home folder and <c>ONNXTRANSFER_HOME</c> is not set.</summary>
    public string? ModelFolder => _store.FolderIfAny;

    /// <summary>Whether downloads are switched off.</summary>
    public bool Offline => _store.IsOffline;

    /// <summary>The ids of all models on this machine: those beside the application, then the catalog's that were downloaded.</summary>
    public IReadOnlyList<string> Models =>
        [.. ModelsBesideApplication, .. _store.Catalog.Select(model => model.Id).Where(_store.Contains).Except(ModelsBesideApplication)];

    /// <summary>Where packages put models beside this application; the folder need not exist.</summary>
    public string ApplicationModelFolder => _store.Application.Folder;

    /// <summary>The ids of the models beside this application.</summary>
    public IReadOnlyList<string> ModelsBesideApplication => _store.Application.Ids;

    /// <summary>Looks at this process and machine.</summary>
    /// <exception cref="ImageDecodeException">The decoder's native library cannot be loaded.</exception>
    public static RuntimeReport Collect() => new();
}
