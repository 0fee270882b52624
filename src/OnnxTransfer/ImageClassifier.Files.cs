using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Internals;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <content>Where a classifier comes from besides training, and the files it is kept in.</content>
public sealed partial class ImageClassifier
{
    /// <summary>
    /// Creates a classifier from a head that was trained on the extractor's vectors, with <c>ClassifierHead.Train</c> or
    /// <see cref="ClassifierHead.CrossValidate"/>. It can be saved like a classifier of <see cref="TrainAsync"/>. A head that takes
    /// further columns beside the vector cannot see them in an image: save it with <see cref="ClassifierHead.Save"/> instead.
    /// </summary>
    /// <param name="extractor">The extractor that made the vectors. It must outlive the classifier, which does not dispose it.</param>
    /// <param name="head">The head; its D is the extractor's. It is not copied.</param>
    /// <param name="labels">C names, in the order of the head's probabilities. No name is empty, and no two are the same.</param>
    /// <exception cref="ArgumentException">The head takes another number of features than the extractor gives; or there are not C labels, one is empty, or two are the same.</exception>
    /// <exception cref="ObjectDisposedException">The extractor is disposed.</exception>
    public static ImageClassifier Create(FeatureExtractor extractor, ClassifierHead head, IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(head);
        extractor.ThrowIfDisposed();
        if (head.Dim != extractor.Dim) Throw.HeadHasOtherDim(head.Dim, extractor.Dim, extractor.Backbone.Name);
        var names = Require.Labels(labels, head.ClassCount);
        return new ImageClassifier(extractor.Network, ownsNetwork: false, head, names, RunFingerprint.OfOwnVectors(head, Fingerprint(extractor.Card)));
    }

    /// <summary>
    /// Loads a classifier that <see cref="Save"/> wrote and runs it on the two probe images in the file. If the probabilities differ
    /// from those at saving, the file is refused. On the machine that saved the file, the probabilities are the same to the bit.
    /// </summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <param name="options">Provider, precision, threads, decoder and cache; null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="options"/> names a preprocessing, an upsampling, layers or a pooling, which the file fixes.</exception>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidModelException">
    /// The file is damaged or is not such a classifier, or a probability of a probe image is off by more than 0.01.
    /// </exception>
    /// <exception cref="ProviderUnavailableException">The provider that <paramref name="options"/> names does not work here.</exception>
    /// <exception cref="ModelException">The file may not be read.</exception>
    public static ImageClassifier Load(string path, FeatureExtractorOptions? options = null) => Open(path, options, CancellationToken.None);

    /// <summary>Loads a classifier as <see cref="Load"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <param name="options">Provider, precision, threads, decoder and cache; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between reading the file, opening the network and running the probe images.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static Task<ImageClassifier> LoadAsync(string path, FeatureExtractorOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Open(path, options, cancellationToken), cancellationToken);
    }

    /// <summary>Opens a classifier with a backbone's own classes, without any training.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>. Its graph or its <c>.model.json</c> must show the tensor of class scores.</param>
    /// <param name="options">Preprocessing, provider, threads, decoder and store; null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="options"/> names layers or a pooling, which the network fixes.</exception>
    /// <exception cref="ModelNotFoundException">There is no such model, or it could not be downloaded.</exception>
    /// <exception cref="InvalidModelException">The file or its card is damaged.</exception>
    /// <exception cref="ProviderUnavailableException">The provider that <paramref name="options"/> names does not work here.</exception>
    /// <exception cref="ModelException">The model has no classes of its own, or may not be read.</exception>
    public static ImageClassifier FromBackbone(string model, FeatureExtractorOptions? options = null) =>
        FromBackboneAsync(model, options).GetAwaiter().GetResult();

    /// <summary>
    /// Opens a classifier with a backbone's own classes as <see cref="FromBackbone"/> does, without blocking, with progress of a
    /// download.
    /// </summary>
    /// <param name="model">The id of a model beside the application or of the catalog; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>. Its graph or its <c>.model.json</c> must show the tensor of class scores.</param>
    /// <param name="options">Provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <inheritdoc cref="FromBackbone" path="/exception"/>
    public static async Task<ImageClassifier> FromBackboneAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.ForOwnClasses().ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        backbone = options.WithUpsampling(backbone);
        var classes = backbone.Card.Classes ?? throw Throw.NoClasses(backbone.Name);
        var network = await Task.Run(
            () => new ImageNetwork(backbone, classes.Tensor, classes.Count, options.ForNetwork(), options.Cache, typeof(ImageClassifier), cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ImageClassifier(network, ownsNetwork: true, new OwnScores(classes.Kind), backbone.ClassLabels(), training: null);
    }

    /// <summary>
    /// Saves the classifier as one ONNX file that any ONNX Runtime runs: <c>pixels</c>, uint8 <c>[N,H,W,3]</c> in the order R, G, B and
    /// already of the network's input size, to <c>probabilities</c> <c>[N,C]</c>. Labels, preprocessing and provenance are in its
    /// metadata. The file is read back and run before it gets its name, so it exists only if it is whole and gives the right
    /// probabilities.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="InvalidOperationException">The classifier has a backbone's own classes, and no head was trained.</exception>
    /// <exception cref="ModelException">
    /// The written head does not give the same probabilities to the bit, or the whole graph differs by more than 1e-5 (0.01 against
    /// CUDA).
    /// </exception>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Save(string path) => Write(path, CancellationToken.None);

    /// <summary>Saves the classifier as <see cref="Save"/> does, on a thread of the pool.</summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="Save" path="/exception"/>
    public Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Write(path, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Saves the head alone as an ONNX file, for a program that has the feature vectors already: <c>features</c> <c>[N,D]</c>
    /// to <c>probabilities</c> <c>[N,C]</c>, two nodes for a softmax head. Labels and provenance are in its metadata.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="InvalidOperationException">The classifier has a backbone's own classes, and no head was trained.</exception>
    /// <exception cref="ModelException">The written head does not give the same probabilities to the bit, or the network gives NaN or infinity for the images of the check.</exception>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void SaveHead(string path) => WriteHead(path, CancellationToken.None);

    /// <summary>Saves the head alone as <see cref="SaveHead"/> does, on a thread of the pool.</summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="SaveHead" path="/exception"/>
    public Task SaveHeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => WriteHead(path, cancellationToken), cancellationToken);
    }

    private static ImageClassifier Open(string path, FeatureExtractorOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options = (options ?? new FeatureExtractorOptions()).ForSavedClassifier();
        var (backbone, head, labels, training, certainty, probe, kept) = ClassifierFile.Read(path);
        cancellationToken.ThrowIfCancellationRequested();
        var (tensor, dim) = (backbone.Card.Features.Tensor, backbone.Card.Features.Dim);
        var network = new ImageNetwork(backbone, tensor, dim, options.ForNetwork(), options.Cache, typeof(ImageClassifier), forOne: true, cancellationToken);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var difference = ClassifierProbe.Of(network, head).DifferenceTo(probe);
            if (difference > ClassifierProbe.AnotherMachine) throw Throw.ClassifierDisagrees(path, difference, ClassifierProbe.AnotherMachine);
        }
        catch
        {
            network.Dispose();
            throw;
        }

        return new ImageClassifier(network, ownsNetwork: true, head, labels, training, certainty, kept);
    }

    private void Write(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ClassifierFile.Write(path, Usable, Trained, Labels, _training, new Certainty(Calibration, UnknownBelow), _kept, cancellationToken);
    }

    private void WriteHead(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Usable.ThrowIfDisposed();
        HeadFile.Write(path, Trained, Labels, _training, cancellationToken);
    }
}
