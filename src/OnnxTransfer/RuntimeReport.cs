using System.Reflection;
using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer;

/// <summary>The environment of this process: versions, decoder, execution providers, model folder.</summary>
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
    /// Each image format and the decoder that reads it, with its version; null if no decoder is registered for it. Reading this
    /// property loads the native libraries of the registered decoders. If a library cannot be loaded, its error stands in place of the
    /// name.
    /// </summary>
    public IReadOnlyDictionary<ImageFormat, string?> Formats { get; } = ImageDecoders.Describe();

    /// <summary>The version of the ONNX Runtime library.</summary>
    public string OnnxRuntime { get; } = SessionFactory.RuntimeVersion;

    /// <summary>Each execution provider and the reason why it cannot be used; null for a provider that works.</summary>
    public IReadOnlyDictionary<ExecutionProvider, string?> Providers { get; } = DeviceProvider.All
        .Select(device => KeyValuePair.Create(device.Provider, device.Probe()))
        .Prepend(KeyValuePair.Create<ExecutionProvider, string?>(ExecutionProvider.Cpu, null))
        .ToDictionary();

    /// <summary>The comparisons of the decoder and the resize kernels with their references, on images that the library carries.</summary>
    public IReadOnlyList<ParityResult> Parity { get; } = PreprocessingParity.Verify(ImageDecoders.Default);

    /// <summary>The folder of downloaded models; null if this account has no home folder and <c>ONNXTRANSFER_HOME</c> is not set.</summary>
    public string? ModelFolder => _store.FolderIfAny;

    /// <summary>Whether downloads are switched off.</summary>
    public bool Offline => _store.IsOffline;

    /// <summary>
    /// The ids of all models on this machine: the models beside the application, then the downloaded models of the catalog.
    /// </summary>
    public IReadOnlyList<string> Models =>
        [.. ModelsBesideApplication, .. _store.Catalog.Select(model => model.Id).Where(_store.Contains).Except(ModelsBesideApplication)];

    /// <summary>The folder beside this application where packages put models. It need not exist.</summary>
    public string ApplicationModelFolder => _store.Application.Folder;

    /// <summary>The ids of the models beside this application.</summary>
    public IReadOnlyList<string> ModelsBesideApplication => _store.Application.Ids;

    /// <summary>Inspects this process and machine.</summary>
    /// <exception cref="ImageDecodeException">The decoder's native library cannot be loaded.</exception>
    public static RuntimeReport Collect() => new();
}
