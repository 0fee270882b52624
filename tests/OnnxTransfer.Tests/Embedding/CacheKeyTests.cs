using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>
/// Whatever changes a vector changes its key. Every property of every record of options is changed once, whoever adds one and whenever;
/// those that leave the vectors as they are stand here, each with its reason.
/// </summary>
public sealed class CacheKeyTests
{
    private const string Limit = "a limit: an image is refused or decoded whole, never decoded otherwise";
    private const string ForPeople = "a name or a note for people; the bytes of the network are in the key";
    private const string Classes = "a network's own classes; the graph that is run is cut to its features and is in the key";
    private const string Resolved = "it is gone into the network, its card, the decoder or the provider, which are in the key";

    private static readonly Dictionary<string, string> s_decoding = new()
    {
        ["MaxPixels"] = Limit, ["MaxEncodedBytes"] = Limit, ["MaxFrames"] = Limit, ["MaxTime"] = Limit, ["Strict"] = Limit,
        ["MemoryBudget"] = "it decides when an image is decoded, not how",
    };

    private static readonly Dictionary<string, string> s_card = new()
    {
        ["Id"] = ForPeople, ["Sha256"] = ForPeople, ["License"] = ForPeople, ["Source"] = ForPeople, ["Warnings"] = ForPeople,
        ["Classes.Tensor"] = Classes, ["Classes.Kind"] = Classes, ["Classes.Count"] = Classes, ["Classes.Labels"] = Classes,
        ["Features.Tensor"] = "the tensor that is read is named by the caller, and in the key", ["Features.Dim"] = "as the tensor",
        ["Features.Pooling"] = "the nodes that pool are in the network, whose hash is in the key",
    };

    /// <summary>The options of an extractor: each goes into the key by one of the ways that the tests below or those of the cache run, or it is no matter of numbers.</summary>
    private static readonly Dictionary<string, string> s_extractor = new()
    {
        ["Provider"] = Resolved, ["Precision"] = Resolved, ["CalibrationImages"] = Resolved, ["Decoder"] = Resolved, ["Preprocess"] = Resolved, ["Preset"] = Resolved,
        ["Upsampling"] = Resolved, ["Layer"] = Resolved, ["Layers"] = Resolved, ["Pooling"] = Resolved, ["Store"] = Resolved,
        ["Decode"] = "its own properties are looked at one by one",
        ["DeviceId"] = "which of several devices; two of one kind give the same numbers, and another kind is another machine's cache",
        ["CaptureGraph"] = "a recording replays the same kernels, and is compared before it is used",
        ["MaxRunTime"] = "a run that takes longer gives no numbers",
        ["Threads"] = "the numbers do not depend on it, which the pipeline's tests check",
        ["Augment"] = "each view of an image has a key of its own, which the tests of views check",
        ["Cache"] = "the cache itself", ["Logger"] = "told, never asked",
    };

    private static readonly ModelCard s_full = TinyBackbone.Card() with
    {
        Classes = new ModelClasses("scores", ScoreKind.Logits, 5, "labels.txt"),
    };

    private static readonly Dictionary<string, object> s_values = new()
    {
        ["Sha256"] = new string('a', 64), ["Preprocess.Resize"] = Resize.ShortestEdge(20, 16), ["Preprocess.Upsampling"] = ResizeFilter.TensorFlowNearest,
    };

    private static readonly string[] s_sizes = ["Input.Height", "Input.Width", "Preprocess.Resize"];

    [Fact]
    public void Every_option_of_decoding_is_in_the_key_or_changes_no_pixel() =>
        AssertTellsApart(DecodeOptions.Default, Variations.Of(DecodeOptions.Default), s_decoding, options => Space(decode: options));

    [Fact]
    public void Every_field_of_a_card_is_in_the_key_or_changes_no_vector() =>
        AssertTellsApart(s_full, Variations.Of(s_full, s_values), s_card, card => Space(card));

    [Fact]
    public void Network_output_decoder_and_provider_are_in_the_key()
    {
        var keys = new[]
        {
            Space(), Space(graph: Graph(1)), Space(tensor: "pooled"), Space(dim: 11), Space(decoder: new Named("another decoder")), Space(provider: ExecutionProvider.Cuda),
        };
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(Space(), Space(graph: Graph(0)));
    }

    [Fact]
    public void No_option_of_an_extractor_is_forgotten() =>
        Assert.Equal(s_extractor.Keys.Order(), typeof(FeatureExtractorOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name).Order());

    /// <summary>A network that was calibrated on images: every option of their decoding counts, limits too, since they decide which images take part.</summary>
    [Fact]
    public void Every_option_is_in_the_key_of_a_converted_network()
    {
        AssertTellsApart(DecodeOptions.Default, Variations.Of(DecodeOptions.Default), [], options => Converted(s_full, Request() with { Decode = options }));
        // A card whose sizes do not fit together has no text, so these are changed together.
        var cards = Variations.Of(s_full, s_values).Where(one => !s_sizes.Contains(one.Key)).ToDictionary();
        var spec = s_full.Preprocess;
        cards.Add("height", s_full with { Input = s_full.Input with { Height = 20 }, Preprocess = spec with { Resize = Resize.Stretch(16, 20) } });
        cards.Add("width", s_full with { Input = s_full.Input with { Width = 20 }, Preprocess = spec with { Resize = Resize.Stretch(20, 16) } });
        cards.Add("crop", s_full with { Preprocess = spec with { Resize = Resize.Stretch(20, 20, new ImageSize(16, 16)) } });
        cards.Add("shortest edge", s_full with { Preprocess = spec with { Resize = Resize.ShortestEdge(20, 16) } });
        cards.Add("rounding", s_full with { Preprocess = spec with { Resize = Resize.ShortestEdge(20, 16) with { CropRounding = CropRounding.Down } } });
        AssertTellsApart(s_full, cards, new() { ["Warnings"] = ForPeople, ["Preprocess.Resize.CropRounding"] = "without a crop it changes nothing" }, card => Converted(card, Request()));
        AssertTellsApart(
            Request(), new Dictionary<string, NetworkOptions>
            {
                ["Provider"] = Request() with { Session = new SessionSettings(ExecutionProvider.Cuda) },
                ["Threads"] = Request() with { Session = new SessionSettings(ExecutionProvider.Cpu, 3) },
                ["Decoder"] = Request() with { Decoder = new Named("another decoder") },
                ["Images"] = Request() with { CalibrationImages = [ImageInput.FromBytes(TestImage.NoisyPng(8, 8, (1, 2, 3), 2))] },
            },
            [], request => Converted(s_full, request));
    }

    /// <summary>The fingerprint of a training: equal texts mean equal weights.</summary>
    [Fact]
    public void Every_option_of_training_is_in_its_fingerprint()
    {
        var rows = new LabeledFeatures(new FeatureMatrix(new float[8], 4, 2), [0, 1, 0, 1]);
        var options = new TrainingOptions();
        var filled = new Dictionary<string, object> { ["ClassWeights"] = new[] { 1.0, 2 }, ["Schedule"] = LearningRateSchedule.Cosine(10), ["Optimizer"] = Optimizer.Sgd(0.5) };
        var variations = new Dictionary<string, TrainingOptions>(Variations.Of(options, filled));
        Optimizer[] optimizers =
        [
            Optimizer.Adam(beta1: 0.8), Optimizer.Adam(beta2: 0.99), Optimizer.Adam(epsilon: 1e-6),
            Optimizer.AdamW(), Optimizer.AdamW(weightDecay: 0.01), Optimizer.AdamW(beta1: 0.8), Optimizer.AdamW(beta2: 0.99), Optimizer.AdamW(epsilon: 1e-6), Optimizer.AdamW(pyTorchFormula: true),
            Optimizer.Sgd(), Optimizer.Sgd(momentum: 0.8), Optimizer.Sgd(nesterov: true), Optimizer.Sgd(pyTorchFormula: true),
            Optimizer.RmsProp(), Optimizer.RmsProp(rho: 0.8), Optimizer.RmsProp(epsilon: 1e-6), Optimizer.RmsProp(pyTorchFormula: true),
            Optimizer.Lbfgs(), Optimizer.Lbfgs(maxIterations: 9), Optimizer.Lbfgs(gradientTolerance: 1e-5),
        ];
        foreach (var optimizer in optimizers) variations.Add(optimizer.ToString(), options with { Optimizer = optimizer });
        AssertTellsApart(
            options, variations,
            new() { ["Threads"] = "the weights do not depend on it, to the bit, which the trainer's tests check" },
            one => RunFingerprint.Of(rows, null, 2, one, new TrainingHistory(new EpochMetrics(0, Math.Log(2), 0.5, null, null, 0), [], [], [], null, StopReason.Completed) { L2 = one.L2 ?? 0 }, "backbone"));
    }

    /// <summary>All keys differ from each other and from the unchanged one's, but for the named exceptions, which give the unchanged key: none is listed needlessly.</summary>
    private static void AssertTellsApart<T>(T plain, IReadOnlyDictionary<string, T> variations, Dictionary<string, string> exceptions, Func<T, string> key)
    {
        Assert.NotEmpty(variations);
        Assert.Empty(exceptions.Keys.Except(variations.Keys));
        var keys = variations.ToDictionary(one => one.Key, one => key(one.Value));
        var unchanged = key(plain);
        foreach (var (path, text) in keys.Where(one => exceptions.ContainsKey(one.Key)))
            Assert.True(text == unchanged, $"{path} is in the key: take it off the list of what is not");
        foreach (var same in keys.Where(one => !exceptions.ContainsKey(one.Key)).GroupBy(one => one.Value).Where(group => group.Count() > 1 || group.Key == unchanged))
            Assert.Fail($"The key does not tell a change of {string.Join(" or ", same.Select(one => one.Key))}: put it into the key, or on the list with the reason why it changes nothing");
    }

    private static string Space(
        ModelCard? card = null, DecodeOptions? decode = null, OnnxModel? graph = null, string tensor = "features", int dim = TinyBackbone.Dim, IImageDecoder? decoder = null,
        ExecutionProvider provider = ExecutionProvider.Cpu) =>
        CacheSpace.Of(Network(graph ?? Graph(0), tensor, dim), card ?? s_full, decoder ?? ImageDecoders.Default, decode ?? DecodeOptions.Default, provider).Description;

    private static NetworkOptions Request() => new FeatureExtractorOptions
    {
        Provider = ExecutionProvider.Cpu, Precision = NetworkPrecision.Int8, CalibrationImages = [ImageInput.FromBytes(TestImage.NoisyPng(8, 8, (1, 2, 3), 1))],
    }.ForNetwork();

    private static string Converted(ModelCard card, NetworkOptions request) =>
        ConvertedNetworkCache.Key(Network(Graph(0), "features", TinyBackbone.Dim), card, request, request.CalibrationImages, sumsSaturate: false);

    private static NetworkGraph Network(OnnxModel graph, string tensor, int dim) => new(graph, "tiny", "x", TinyBackbone.Card().Input.ImageShape, tensor, dim);

    private static OnnxModel Graph(float bias)
    {
        var builder = new OnnxGraphBuilder("one");
        builder.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3);
        builder.Constant("b", [3], [bias, 0, 0]);
        builder.Node("Add", "features", ["x", "b"]);
        builder.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), 3]);
        return builder.Build("one");
    }

    private sealed class Named(string name) : IImageDecoder
    {
        public string Name => name;

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null) => ImageDecoders.Default.Decode(encoded, options);
    }
}
