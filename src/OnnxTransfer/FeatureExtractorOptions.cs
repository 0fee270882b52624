using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How a backbone is opened. Every value is checked where it is set.</summary>
public sealed record FeatureExtractorOptions
{
    private readonly IReadOnlyList<string> _layers = EquatableList.Of<string>([]);

    /// <summary>Where the network runs. By default it runs on CUDA if CUDA works, otherwise on the CPU.</summary>
    public ExecutionProvider Provider { get; init => field = Require.Defined(value, nameof(Provider)); } = ExecutionProvider.Auto;

    /// <summary>
    /// The number format that the network computes in; float32 by default. A file that was saved in another precision keeps it.
    /// </summary>
    public NetworkPrecision Precision { get; init => field = Require.Defined(value, nameof(Precision)); } = NetworkPrecision.Float32;

    /// <summary>
    /// Images like those that the network will see, for a <see cref="Precision"/> other than float32: the ranges of 8-bit numbers are
    /// measured on up to 96 of them, and the loss of precision on up to 32 others. 8 bits need at least eight images. The result is
    /// kept beside the downloaded models and used again for the same network and images.
    /// </summary>
    public IReadOnlyList<ImageInput> CalibrationImages { get; init => field = Require.NoneNull(value, nameof(CalibrationImages)); } = EquatableList.Of<ImageInput>([]);

    /// <summary>The number of the GPU, from 0, if the machine has several; for CUDA, TensorRT and DirectML.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int DeviceId { get; init => field = Require.NotNegative(value, nameof(DeviceId)); }

    /// <summary>
    /// Whether a GPU records its work once for each batch size and replays it from then on (CUDA graphs), which saves the time of
    /// starting every layer on its own: much for single images, little for large batches. CUDA and WebGPU support it. Each recording is
    /// first compared with a run that is not recorded. If the GPU cannot record, <see cref="FeatureExtractor.ProviderReason"/> says
    /// why.
    /// </summary>
    public bool CaptureGraph { get; init; }

    /// <summary>
    /// The total number of threads for decoding and for the network on the CPU, at most 1024. The default, 0, is one thread for each
    /// core that the process may use.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or greater than 1024.</exception>
    public int Threads { get; init => field = Require.Threads(value, nameof(Threads)); }

    /// <summary>
    /// The longest time that one run of the network may take, at most one day; null, the default, for no limit. A longer run ends with a
    /// <see cref="ModelException"/>, and the next run works as before. Set it for networks that you do not trust, because a network can hold a loop
    /// without end. One run computes one batch. On a GPU the first run of each batch size has no limit, because it also chooses kernels.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive, or longer than one day.</exception>
    public TimeSpan? MaxRunTime { get; init => field = value is { } time ? Require.RunTime(time, nameof(MaxRunTime)) : null; }

    /// <summary>The image decoder; null for <see cref="ImageDecoders.Default"/>.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>The decoder's limits and background color.</summary>
    public DecodeOptions Decode { get; init => field = Require.NotNull(value, nameof(Decode)); } = DecodeOptions.Default;

    /// <summary>
    /// The cache that keeps the vectors of <c>EmbedAsync</c> and <c>EmbedStreamAsync</c> on disk; null, the default, computes them each
    /// time.
    /// </summary>
    public FeatureCache? Cache { get; init; }

    /// <summary>The store of downloaded models; null for the user's own folder.</summary>
    public ModelStore? Store { get; init; }

    /// <summary>
    /// The preprocessing, instead of the model's own; null, the default, to take the model's own or <see cref="Preset"/>. A model that comes
    /// without a card and without a configuration needs one of the two; both together are refused when the model is opened.
    /// </summary>
    public PreprocessSpec? Preprocess { get; init; }

    /// <summary>
    /// The preprocessing by name, instead of the model's own: one of <see cref="PreprocessSpec.PresetNames"/>, at the size of the network's
    /// input, or with <c>@SIDE</c> behind it for a network that takes any size, such as <c>clip@336</c>; 224 where nobody states a size. Null,
    /// the default, takes the model's own or <see cref="Preprocess"/>.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such preset, or the side is out of range.</exception>
    public string? Preset
    {
        get;
        init
        {
            if (value is not null) _ = PreprocessChoice.Parse(value);
            field = value;
        }
    }

    /// <summary>
    /// How to enlarge an image of which neither side is larger than the network's input (<see cref="PreprocessSpec.Upsampling"/>); null
    /// leaves this to the preprocessing.
    /// </summary>
    public ResizeFilter? Upsampling { get; init => field = value is { } filter ? Require.Defined(filter, nameof(Upsampling)) : null; }

    /// <summary>The one layer whose tensor is the features; null, the default, for the layer that the model's card names.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public string? Layer
    {
        get => _layers is [var only] ? only : null;
        init => _layers = value is null ? EquatableList.Of<string>([]) : Require.Names([value], nameof(Layer));
    }

    /// <summary>
    /// The layers whose tensors are the features, joined in this order; empty, the default, for the layer that the model's card names.
    /// <see cref="ModelFile.Layers"/> and <c>onnxtransfer models layers</c> list them.
    /// </summary>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public IReadOnlyList<string> Layers
    {
        get => _layers;
        init => _layers = Require.Names(value, nameof(Layers));
    }

    /// <summary>
    /// How the height and width, or the tokens, of <see cref="Layers"/> are reduced; by default to their average, one number per channel.
    /// A pooling of tokens (<see cref="FeaturePooling.Cls"/> and those after it) without a layer applies to the last tokens of a transformer.
    /// </summary>
    public FeaturePooling Pooling { get; init => field = Require.Defined(value, nameof(Pooling)); }

    /// <summary>
    /// The copies of an image that its vector is the mean over, besides the image itself; none by default. The network runs once for each view,
    /// so <see cref="Augmentation.Flip"/> takes twice as long and <see cref="Augmentation.FlipAndCrops"/> ten times. A classifier that is loaded with
    /// this option averages what it predicts on; how it was trained is <see cref="TrainingPlan.Augment"/>. <see cref="ImageClassifier.Explain"/> shows the image itself.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the enumeration.</exception>
    public Augmentation Augment { get; init => field = Require.Defined(value, nameof(Augment)); }

    /// <summary>
    /// The log that receives the provider of the network, the downloads and the images that cannot be used; null for no log.
    /// </summary>
    public ILogger? Logger { get; init; }

    internal BackboneOptions ForBackbone() => new() { Store = Store, Preprocess = Choice, Layers = _layers, Pooling = Pooling, Measure = (graph, input, tensor) => TensorShape.Measure(graph, input, tensor, MaxRunTime) };

    private PreprocessChoice? Choice
    {
        get
        {
            if (Preprocess is not null && Preset is not null) Throw.OptionsExclude(nameof(Preprocess), nameof(Preset));
            return Preprocess is { } spec ? PreprocessChoice.Of(spec) : Preset is { } name ? PreprocessChoice.Parse(name) : null;
        }
    }

    /// <summary>The same with every default filled in.</summary>
    internal NetworkOptions ForNetwork()
    {
        var store = Store ?? new ModelStore();
        var plans = store.FolderIfAny is { } folder ? Path.Combine(folder, "tensorrt") : null;
        return new NetworkOptions(
            new SessionSettings(Provider, Threads, DeviceId, CaptureGraph, PlanFolder: plans, LongestRun: MaxRunTime), Precision, CalibrationImages,
            Decoder ?? ImageDecoders.Default, Decode, store, Logger ?? NullLogger.Instance, Augment);
    }

    /// <summary>The same for a saved classifier, whose file fixes its layers and its preprocessing: to name others is a mistake, not a wish to ignore.</summary>
    internal FeatureExtractorOptions ForSavedClassifier()
    {
        RefuseSet("the file of a classifier fixes its preprocessing, its layers and its head", (nameof(Preprocess), Preprocess is not null), (nameof(Preset), Preset is not null), (nameof(Upsampling), Upsampling is not null));
        return this;
    }

    /// <summary>The same for a classifier with the network's own classes, whose layers the network fixes.</summary>
    internal FeatureExtractorOptions ForOwnClasses()
    {
        RefuseSet("a network's own classes are read where the network computes them");
        return this;
    }

    private void RefuseSet(string why, params (string Name, bool IsSet)[] others)
    {
        (string Name, bool IsSet)[] all = [.. others, (nameof(Layers), _layers.Count > 0), (nameof(Pooling), Pooling != FeaturePooling.Average)];
        string[] set = [.. all.Where(option => option.IsSet).Select(option => option.Name)];
        if (set.Length > 0) Throw.OptionsOfClassifier(set, why);
    }

    /// <summary>The backbone with the choice of <see cref="Upsampling"/>.</summary>
    internal Backbone WithUpsampling(Backbone backbone) => Upsampling is { } filter
        ? backbone with { Card = backbone.Card with { Preprocess = backbone.Card.Preprocess with { Upsampling = filter } } }
        : backbone;

    /// <summary>The progress of a model's download, logged on its way to <paramref name="progress"/>.</summary>
    internal IProgress<WorkProgress>? Download(string model, IProgress<WorkProgress>? progress) => Logger is null ? progress : new DownloadLog(Logger, model, progress);
}
