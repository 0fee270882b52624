using OnnxTransfer.Backbones;
using OnnxTransfer.Data;
using OnnxTransfer.Inference;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>
/// The content of a network's file, read without running the network: its layers, their shapes and their costs. The network can be cut
/// at any layer and can take other weights. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// var file = ModelFile.Open("mobilenet-v2");
/// foreach (var layer in file.Layers) Console.WriteLine($"{layer.Name} {layer.Dim}");
/// file.Cut("early.onnx", ["block_6_expand_relu"]);
/// </code>
/// </example>
public sealed class ModelFile
{
    private readonly OnnxModel _model;
    // The graph is the one that a FeatureExtractor opens, so the layers are the same.
    private readonly OnnxModel _backbone;
    private readonly OnnxImageInput _image;
    private readonly bool _isClassifier;
    private readonly ResolvedBackbone _resolved;

    private ModelFile(OnnxModel model, ResolvedBackbone resolved)
    {
        _model = model;
        var inside = resolved.Facts == CardFacts.None ? ClassifierFile.CardOf(model) : null;
        _isClassifier = inside is not null;
        (Path, Sha256, Card) = (resolved.OnnxPath, resolved.Sha256!, inside ?? resolved.Card ?? Backbone.TryOpen(model, resolved)?.CardOfFile);
        Info = Card is null ? null : ModelInfo.Of(Card);
        Bytes = new FileInfo(Path).Length + model.ExternalBytes;

        _resolved = resolved;
        _backbone = model.Clone();
        if (inside is not null) ClassifierFile.TakeNetwork(_backbone, inside);
        var image = Backbone.ImageOf(_backbone, Card?.Input);
        Layout = image.Layout;
        WhyBatchFixed = OnnxAdapter.MakeBackbone(_backbone, image);
        _image = WhyBatchFixed is null ? image with { FixedBatch = null } : image;
        // What the input leaves free, position embeddings may fix.
        if (_image.Height is null && _image.Width is null && OnnxFit.OnlySize(_backbone, _image) is { } side) _image = _image with { Height = side, Width = side };
        (Height, Width) = (_image.Height, _image.Width);

        var summary = OnnxSummary.Of(_backbone, _image);
        Layers = [.. summary.Layers.Select(Describe)];
        Parameters = summary.Parameters;
        Inputs = [.. model.Inputs.Select(input => Describe(input))];
        Outputs = [.. model.Outputs.Select(output => Layers.FirstOrDefault(layer => layer.Name == output.Name) ?? Describe(output))];
        (Features, FeaturesNote) = FindFeatures();
        (FrozenParameters, FlopsPerImage) = (Parameters, summary.MultiplyAdds * 2);
        if (Features is not null)
        {
            var cut = _backbone.Clone();
            OnnxGraphEditor.Cut(cut, [Features.Name]);
            var needed = OnnxSummary.Of(cut, _image);
            (FrozenParameters, FlopsPerImage) = (needed.Parameters, needed.MultiplyAdds * 2);
        }
    }

    /// <summary>The full path of the ONNX file.</summary>
    public string Path { get; }

    /// <summary>Size of the file in bytes, including the files beside it that hold its weights.</summary>
    public long Bytes { get; }

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>
    /// The facts that the catalog, the <c>.model.json</c> beside the file or the configuration of its folder states, completed from the
    /// graph, or that a trained classifier states about its backbone; null if the preprocessing is not stated or the features are not found.
    /// </summary>
    public ModelInfo? Info { get; }

    /// <summary>The tool that wrote the file and its version; empty if the file does not state it.</summary>
    public string Producer => _model.Producer;

    /// <summary>The version of the ONNX operator set.</summary>
    public long Opset => _model.Opset;

    /// <summary>The version of the ONNX file format.</summary>
    public long IrVersion => _model.IrVersion;

    /// <summary>The inputs, as the file states them.</summary>
    public IReadOnlyList<ModelTensor> Inputs { get; }

    /// <summary>The outputs, in the file's order.</summary>
    public IReadOnlyList<ModelTensor> Outputs { get; }

    /// <summary>Every tensor that can be a feature, in the order of computation, with its shape at the size of the card or the graph.</summary>
    public IReadOnlyList<ModelTensor> Layers { get; }

    /// <summary>The axis order of the image input: the card's, or guessed from the graph.</summary>
    public TensorLayout Layout { get; }

    /// <summary>The height in pixels of the images that the network takes; null if it takes any height.</summary>
    public int? Height { get; }

    /// <summary>The width in pixels of the images that the network takes; null if it takes any width.</summary>
    public int? Width { get; }

    /// <summary>Why the network takes only a fixed number of images at a time; null if it takes any number.</summary>
    public string? WhyBatchFixed { get; }

    /// <summary>
    /// The layer whose tensor is the feature vector: the card's layer, or the one before the classifier; null if neither is known.
    /// </summary>
    public ModelTensor? Features { get; }

    /// <summary>
    /// What to know about <see cref="Features"/>: why they are not known and which tensors there are to choose from, or what is unusual
    /// about the choice; null for nothing.
    /// </summary>
    public string? FeaturesNote { get; }

    /// <summary>The number of weights in the whole file.</summary>
    public long Parameters { get; }

    /// <summary>
    /// The number of weights up to <see cref="Features"/>, which training does not change; if <see cref="Features"/> is not known, the
    /// number in the whole file.
    /// </summary>
    public long FrozenParameters { get; }

    /// <summary>
    /// Floating-point operations up to <see cref="Features"/> for one image, of convolutions and matrix products, where a
    /// multiplication with an addition counts as two; null if a shape on the way is not known.
    /// </summary>
    public long? FlopsPerImage { get; }

    internal ModelCard? Card { get; }

    /// <summary>Reads a network. A model of the catalog is downloaded and verified on first use.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>.</param>
    /// <param name="store">The store of downloaded models; null for the user's own folder.</param>
    /// <exception cref="ModelNotFoundException">There is no such model, or it could not be downloaded.</exception>
    /// <exception cref="InvalidModelException">The file or its card is damaged, or the network has no image input.</exception>
    /// <exception cref="ModelException">The file may not be read.</exception>
    public static ModelFile Open(string model, ModelStore? store = null) => OpenAsync(model, store).GetAwaiter().GetResult();

    /// <summary>Reads a network as <see cref="Open"/> does, without blocking, with progress of a download.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>.</param>
    /// <param name="store">The store of downloaded models; null for the user's own folder.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static async Task<ModelFile> OpenAsync(
        string model, ModelStore? store = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        try
        {
            var resolved = await BackboneResolver.ResolveAsync(model, store, progress: progress, cancellationToken: cancellationToken).ConfigureAwait(false);
            return new ModelFile(OnnxModel.Load(resolved.OnnxPath), resolved with { OnnxPath = System.IO.Path.GetFullPath(resolved.OnnxPath) });
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or IOException)
        {
            throw Throw.ModelUnreadable(exception);
        }
    }

    /// <summary>The number of weights of a linear classifier behind <see cref="Features"/>, which training changes: (D + 1) C.</summary>
    /// <param name="classes">C, at least 2.</param>
    /// <returns>The number; null if D is not known.</returns>
    public long? TrainableParameters(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        return (Features?.Dim + 1L) * classes;
    }

    /// <summary>Gives <see cref="Layers"/> with the shapes for images of another size.</summary>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <exception cref="ModelException">The graph accepts only another size.</exception>
    public IReadOnlyList<ModelTensor> LayersAt(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var stated = OnnxImageInput.Of(_backbone, _image.Tensor, _image.Layout);
        if ((stated.Height ?? height) != height || (stated.Width ?? width) != width)
            throw Throw.ModelTakesOneSize(Path, stated.Height, stated.Width, height, width);
        return [.. OnnxSummary.Of(_backbone, _image with { Height = height, Width = width }).Layers.Select(Describe)];
    }

    /// <summary>
    /// Writes a smaller network that ends in the given layers. Nodes that these layers do not need are dropped, spatial layers are
    /// pooled, several layers are joined to one vector, and metadata is kept. Its card goes beside it as <c>.model.json</c>.
    /// </summary>
    /// <param name="output">The ONNX file to write; an existing one is replaced.</param>
    /// <param name="layers">Names of <see cref="Layers"/>.</param>
    /// <param name="pooling">How height and width are reduced.</param>
    /// <returns>
    /// The facts of the new card; null if this file has no card, because then the preprocessing is not known and no card is written.
    /// </returns>
    /// <exception cref="ArgumentException">There is no such layer (the nearest are named), or its length is not known.</exception>
    /// <exception cref="ModelException">The network would be larger than an ONNX file can be.</exception>
    public ModelInfo? Cut(string output, IReadOnlyList<string> layers, FeaturePooling pooling = FeaturePooling.Average)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(output);
        ArgumentNullException.ThrowIfNull(layers);
        var graph = _backbone.Clone();
        var features = OnnxGraphEditor.CutToFeatures(graph, layers, Require.Defined(pooling, nameof(pooling)), _image, Measure);
        OnnxAdapter.UseFloat32(graph);
        var card = Save(graph, output, Card is null ? null : Card with
        {
            Source = $"{Card.Source ?? Card.Id}; cut at {features.Tensor}",
            Features = new ModelFeatures(features.Tensor, features.Dim!.Value),
            Classes = null,
        });
        return card is null ? null : ModelInfo.Of(card);
    }

    /// <summary>
    /// Writes the same network with the weights of another file, matched by name, as Keras' <c>load_weights(by_name=True)</c>.
    /// Its card, if this file has one, goes beside it as <c>.model.json</c>, without the license of the old weights.
    /// </summary>
    /// <param name="weights">
    /// A <c>.safetensors</c>, <c>.npz</c> or <c>.onnx</c> file. <c>KerasConverter.ReplaceWeights</c> of OnnxTransfer.Conversion takes those of Keras.
    /// </param>
    /// <param name="output">The ONNX file to write; an existing one is replaced.</param>
    /// <param name="allowMissing">
    /// Whether weights that are missing or have another shape may stay as they are; otherwise nothing is written.
    /// </param>
    /// <returns>Which weights were replaced, and which were not, by name.</returns>
    /// <exception cref="ModelException">The file is missing or damaged, its weights do not match (they are listed), or this is a trained classifier.</exception>
    public WeightReport ReplaceWeights(string weights, string output, bool allowMissing = false) =>
        ReplaceWeights(weights, output, graph => OnnxWeights.Replace(graph, weights, strict: !allowMissing));

    internal WeightReport ReplaceWeights(string weights, string output, Func<OnnxModel, WeightReport> replace)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(weights);
        ArgumentException.ThrowIfNullOrWhiteSpace(output);
        if (_isClassifier) throw Throw.WeightsOfClassifier(Path);
        var graph = _model.Clone();
        try
        {
            var report = replace(graph);
            Save(graph, output, Card is null ? null : Card with
            {
                Source = $"weights of {System.IO.Path.GetFileName(weights)} in the graph of {Card.Source ?? Card.Id}",
                License = null,
            });
            return report;
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException or IOException)
        {
            throw Throw.ModelUnusable(exception);
        }
    }

    /// <summary>
    /// Writes the card of this file beside it, as <c>.model.json</c>: what the file's own card or the configuration of its folder states, and
    /// the rest from the graph. An existing card is replaced. Names of classes that are not in a file yet go to <c>.labels.txt</c>.
    /// </summary>
    /// <param name="preset">The preprocessing, as in <see cref="FeatureExtractorOptions.Preset"/>; null to take the stated one.</param>
    /// <param name="labels">A text file with one name for each of the network's own classes on its lines, in order; null to take the stated names.</param>
    /// <returns>The facts of the card.</returns>
    /// <exception cref="ArgumentException">There is no such preset.</exception>
    /// <exception cref="ModelException">
    /// The preprocessing is not known, the features are not found, the labels do not fit the classes, this is a trained classifier, or the file is not
    /// yours: it lies beside the application, in the store of downloads or in the cache of the Hugging Face hub.
    /// </exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public ModelInfo WriteCard(string? preset = null, string? labels = null)
    {
        if (_isClassifier) throw Throw.CardOfClassifier(Path);
        if (_resolved.Owner is { } owner) throw Throw.CardOfOthers(Path, owner);
        try
        {
            var resolved = labels is null ? _resolved : _resolved with { Facts = _resolved.Facts.WithLabels() };
            var backbone = Backbone.Open(Path, _model.Clone(), resolved, new BackboneOptions { Preprocess = preset is null ? null : PreprocessChoice.Parse(preset) });
            var card = backbone.CardOfFile;
            var names = labels is null ? card.Classes?.Labels is null ? backbone.Labels : [] : LabelsOf(labels, card);
            if (names.Count > 0)
            {
                var file = System.IO.Path.ChangeExtension(Path, ".labels.txt");
                AtomicFile.Write(file, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', names) + "\n"));
                card = card with { Classes = card.Classes! with { Labels = System.IO.Path.GetFileName(file) } };
            }

            card.Save(ModelCard.PathFor(Path));
            return ModelInfo.Of(card);
        }
        catch (InvalidDataException exception)
        {
            throw Throw.ModelUnreadable(exception);
        }
    }

    private IReadOnlyList<string> LabelsOf(string file, ModelCard card) =>
        LabelMap.Load(file, card.Classes?.Count ?? throw Throw.LabelsWithoutClasses(Path)).Labels;

    private long[]? Measure(OnnxModel graph, string tensor) => _image is { Height: { } height, Width: { } width }
        ? TensorShape.Measure(graph, new ModelInput(_image.Tensor, _image.Layout, height, width), tensor, longestRun: null)
        : null;

    private static ModelCard? Save(OnnxModel graph, string output, ModelCard? card)
    {
        byte[] bytes;
        try
        {
            bytes = graph.ToBytes();
        }
        catch (InvalidDataException exception)
        {
            throw Throw.ModelUnusable(exception);
        }

        if (card is null)
        {
            AtomicFile.Write(output, bytes);
            return null;
        }

        card = card with { Id = System.IO.Path.GetFileNameWithoutExtension(output), Sha256 = FileHash.Sha256(bytes) };
        card.SaveWith(output, bytes);
        return card;
    }

    private (ModelTensor? Features, string? Note) FindFeatures()
    {
        // What is stated needs no reason.
        if (Card is not null && (_isClassifier || _resolved.Facts.Features is not { Tensor: null, Pooling: null }))
            return (Layers.FirstOrDefault(layer => layer.Name == Card.Features.Tensor), NoteOn(Card.Features.Pooling));
        var found = OnnxInspector.Inspect(_backbone, _image);
        var pooled = NoteOn(found.Features?.Pooling);
        return (Layers.FirstOrDefault(layer => layer.Name == found.Features?.Tensor), found.WhyNoFeatures ?? (found.Note is null ? pooled : $"{pooled} {found.Note}".Trim()));

        static string? NoteOn(FeaturePooling? pooling) => pooling >= FeaturePooling.Cls ? $"Its tokens become one vector by --pooling {OnnxGraphEditor.PoolingName(pooling.Value)}." : null;
    }

    private static ModelTensor Describe(OnnxValue value) =>
        new() { Name = value.Name, ElementType = value.ElementType.ToString().ToLowerInvariant(), Shape = value.Dims?.Select(dim => dim.Size).ToList() };

    private static ModelTensor Describe(OnnxLayer layer) => Describe(layer.Value) with
    {
        Operator = layer.OpType,
        Dim = layer.FeatureDim,
        ParametersSoFar = layer.ParametersSoFar,
        FlopsSoFar = layer.MultiplyAddsSoFar * 2,
    };
}
