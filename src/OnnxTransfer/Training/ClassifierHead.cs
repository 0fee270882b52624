using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Internals;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>
/// A head turns feature vectors <c>[N,D]</c> into class probabilities <c>[N,C]</c>. Immutable and thread-safe. The probabilities of a
/// row depend only on that row: the bits are the same for a single row, in a batch, and on any number of threads.
/// </summary>
public abstract class ClassifierHead : IClassScorer
{
    private const int RowsWorthAThread = 256;

    private protected ClassifierHead(int dim, int classCount)
    {
        Dim = dim;
        ClassCount = classCount;
    }

    /// <summary>D, the length of the feature vectors this head takes.</summary>
    public int Dim { get; }

    /// <summary>C, the number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>
    /// Trains a head on feature vectors. The same data, options and seed give the same bits on every run and for any number of threads.
    /// Nothing is written to the console.
    /// </summary>
    /// <param name="training">The training rows; every class needs at least one.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="options">
    /// The training options; null for the defaults. Settings of a <see cref="TrainingPlan"/> that concern images are ignored, because
    /// the rows are given.
    /// </param>
    /// <param name="validation">
    /// The validation rows. They are scored after every epoch, and the weights with the lowest loss on them are kept. Null keeps the
    /// last weights.
    /// </param>
    /// <param name="progress">Receives the result of every epoch.</param>
    /// <param name="cancellationToken">Ends the training after the current step. The method returns the best head so far.</param>
    /// <returns>The head with the best weights seen, and the history.</returns>
    /// <exception cref="ArgumentException">
    /// A label is out of range, a class has no row, the validation features have another D, or options contradict the rows or each other.
    /// </exception>
    /// <exception cref="OperationCanceledException">Canceled before the first step: there is nothing to return.</exception>
    /// <exception cref="TrainingDivergedException">
    /// The loss is no longer a usable number. The exception carries the last good weights.
    /// </exception>
    public static TrainedHead Train(
        LabeledFeatures training, int classCount, TrainingOptions? options = null, LabeledFeatures? validation = null,
        IProgress<EpochMetrics>? progress = null, CancellationToken cancellationToken = default) =>
        HeadTrainer.Train(training, classCount, options, validation, progress, cancellationToken);

    /// <summary>
    /// Trains a head on a feature set of any size, within a memory budget. A set that fits is read once, and the head is that of
    /// <see cref="Train(LabeledFeatures, int, TrainingOptions?, LabeledFeatures?, IProgress{EpochMetrics}?, CancellationToken)"/>, to the bit. A
    /// larger one is read again in every epoch, in windows of a quarter of the budget, while the head trains on the window before: blocks of 256 rows come
    /// in a random order, and the rows of a window too. L-BFGS reads the set once for each evaluation. The same set, options, seed and budget give
    /// the same bits for any number of threads.
    /// </summary>
    /// <param name="training">The training rows, each with a label. The classes of the head are <see cref="FeatureSet.Classes"/>, in this order.</param>
    /// <param name="options">The training options; null for the defaults. <see cref="TrainingOptions.RandomBatchesPerEpoch"/> needs a set that fits.</param>
    /// <param name="validation">
    /// The validation rows, scored after every epoch; their classes are found by name. Null for none, or for those that
    /// <see cref="TrainingOptions.ValidationFraction"/> sets apart.
    /// </param>
    /// <param name="memoryBudget">The memory of the whole process that the training is to stay below, in bytes, at least 256 MiB; 1 GiB by default. The labels take 4 bytes a row of it.</param>
    /// <param name="progress">Receives the result of every epoch.</param>
    /// <param name="cancellationToken">Ends the training after the current step. The method returns the best head so far.</param>
    /// <returns>The head with the best weights seen, and the history.</returns>
    /// <exception cref="ArgumentException">A row has no label, the validation rows have another D or another class, or options contradict the rows or each other.</exception>
    /// <exception cref="InvalidDataException">The set is damaged, or a number in it is NaN or infinite.</exception>
    /// <exception cref="IOException">The set cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Canceled before the first step: there is nothing to return.</exception>
    /// <exception cref="TrainingDivergedException">
    /// The loss is no longer a usable number. The exception carries the last good weights.
    /// </exception>
    public static TrainedHead Train(
        FeatureSet training, TrainingOptions? options = null, FeatureSet? validation = null, long memoryBudget = 1L << 30,
        IProgress<EpochMetrics>? progress = null, CancellationToken cancellationToken = default) =>
        StoredTraining.Train(training, options, validation, memoryBudget, progress, cancellationToken);

    /// <summary>
    /// k-fold cross-validation: the rows are divided, class by class, into k folds, and a head is trained for each fold on the other
    /// k-1 and validated on it.
    /// </summary>
    /// <param name="rows">All rows; every class needs at least two.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="foldCount">k, from 2 to the number of rows.</param>
    /// <param name="options">How each head is trained; null for the defaults.</param>
    /// <param name="progress">Receives the result of every epoch of every fold.</param>
    /// <param name="cancellationToken">
    /// Ends the work. The method returns the folds that are trained by then; the last of them is incomplete.
    /// </param>
    /// <returns>One head for each fold, in order. The validation loss and accuracy of its best epoch are its scores.</returns>
    /// <exception cref="ArgumentException">As <c>Train</c>.</exception>
    /// <exception cref="OperationCanceledException">Canceled before the first step.</exception>
    public static IReadOnlyList<TrainedHead> CrossValidate(
        LabeledFeatures rows, int classCount, int foldCount, TrainingOptions? options = null,
        IProgress<EpochMetrics>? progress = null, CancellationToken cancellationToken = default) =>
        HeadTrainer.CrossValidate(rows, classCount, foldCount, options, progress, cancellationToken);

    /// <summary>
    /// Chooses the L2 of a linear head, and whether to standardize, by k-fold cross-validation with the log loss, and trains a head on all
    /// rows with the choice. All folds and several values share each pass over the rows. The same rows, options and seed give the same
    /// bits for any number of threads.
    /// </summary>
    /// <param name="rows">All rows, one class each; every class needs at least k.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="options">Folds, values and the rule of the choice; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the work without a result.</param>
    /// <returns>The curve, the choice, and the head. The means of standardization are those of all rows, which needs no label.</returns>
    /// <exception cref="ArgumentException">Rows have multiple labels, or a class has too few rows; otherwise as <c>Train</c>.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    public static TuningResult Tune(LabeledFeatures rows, int classCount, TuningOptions? options = null, CancellationToken cancellationToken = default) =>
        HeadTuner.Tune(rows, classCount, options, cancellationToken);

    /// <summary>
    /// Tunes on a feature set of any size, within a memory budget: as <c>Tune</c> on rows in memory, which it gives to the bit for a set that
    /// fits. A larger set is read once for each pass, which serves all folds and several values of L2.
    /// </summary>
    /// <param name="set">All rows, each with a label; every class needs at least k.</param>
    /// <param name="options">Folds, values and the rule of the choice; null for the defaults.</param>
    /// <param name="memoryBudget">
    /// The memory that the rows and the process may take, in bytes, at least 256 MiB; 1 GiB by default. The search itself takes about 140·D·C bytes for each fold and value beside it.
    /// </param>
    /// <param name="cancellationToken">Ends the work without a result.</param>
    /// <returns>The curve, the choice, and the head. <see cref="TuningResult.NeighborAccuracy"/> is measured on at most 20,000 rows, evenly spaced over the set.</returns>
    /// <exception cref="ArgumentException">A row has no label, or a class has too few rows.</exception>
    /// <exception cref="InvalidDataException">The set is damaged, or a number in it is NaN or infinite.</exception>
    /// <exception cref="IOException">The set cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    public static TuningResult Tune(FeatureSet set, TuningOptions? options = null, long memoryBudget = 1L << 30, CancellationToken cancellationToken = default) =>
        StoredTraining.Tune(set, options, memoryBudget, cancellationToken);

    /// <summary>Creates a linear head with the given weights, which are copied: <c>p = softmax(x·W + b)</c>.</summary>
    /// <param name="weights">W, <c>[D,C]</c>; C at least 2.</param>
    /// <param name="bias">b, <c>[C]</c>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or there are fewer than two classes.</exception>
    public static ClassifierHead FromWeights(Matrix<float> weights, Vector<float> bias) => new SoftmaxHead(weights, bias);

    /// <summary>
    /// Saves the head as an ONNX file that any ONNX Runtime runs: <c>features</c>, float32 <c>[N,D]</c>, to <c>probabilities</c>
    /// <c>[N,C]</c>. The labels are in its metadata. Use it for a head on vectors that do not come only from a backbone, such as
    /// feature vectors with further columns. A head on a backbone's vectors becomes a classifier of images with
    /// <see cref="ImageClassifier.Create"/>. The file is read back before it gets its name, so it exists only if it is whole and gives
    /// the same probabilities to the bit.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="labels">C names, in the order of the probabilities. No name is empty, and no two are the same.</param>
    /// <exception cref="ArgumentException">There are not C labels, one is empty, or two are the same.</exception>
    /// <exception cref="ModelException">The written head does not give the same probabilities.</exception>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Save(string path, IReadOnlyList<string> labels) => Write(path, labels, CancellationToken.None);

    /// <summary>Saves the head as <see cref="Save"/> does, on a thread of the pool.</summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="labels">C names, in the order of the probabilities. No name is empty, and no two are the same.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="Save" path="/exception"/>
    public Task SaveAsync(string path, IReadOnlyList<string> labels, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Write(path, labels, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Reads a head from a file that <see cref="Save"/>, <see cref="ImageClassifier.SaveHead"/> or <see cref="ImageClassifier.Save"/> wrote.
    /// It gives the same probabilities as the head that was saved, to the bit.
    /// </summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <returns>The head and the labels of its classes.</returns>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidModelException">The file is damaged or does not hold such a head.</exception>
    /// <exception cref="ModelException">The file may not be read.</exception>
    public static LabeledHead Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return HeadFile.Read(path);
    }

    /// <summary>Reads a head as <see cref="Load"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <param name="cancellationToken">Stops before the file is read.</param>
    /// <returns>The head and the labels of its classes.</returns>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static Task<LabeledHead> LoadAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => HeadFile.Read(path), cancellationToken);
    }

    /// <summary>Copies of the weights and the bias of the output layer.</summary>
    public LinearLayer OutputLayer()
    {
        var layer = Layers[^1];
        return new LinearLayer(Matrix<float>.Build.DenseOfRowMajor(layer.Inputs, layer.Outputs, layer.Weights), Vector<float>.Build.DenseOfArray(layer.Bias));
    }

    /// <summary>
    /// The head whose logits are divided by a temperature T before the softmax (Guo et al., 2017): <c>softmax(z/T)</c>. The most probable class
    /// stays the same. The division is done in the weights and the bias of the output layer, so it costs nothing and every file has it.
    /// </summary>
    /// <param name="temperature">T, finite and greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">T is not such a number.</exception>
    public ClassifierHead WithTemperature(double temperature)
    {
        var scale = (float)(1 / Require.Positive(temperature, nameof(temperature)));
        if (scale == 1) return this;
        var output = Layers[^1];
        return FromLayers([.. Layers.SkipLast(1), output with { Weights = [.. output.Weights.Select(w => w * scale)], Bias = [.. output.Bias.Select(b => b * scale)] }]);
    }

    /// <summary>The dense layers in order, for writing them to a file.</summary>
    internal abstract IReadOnlyList<DenseLayer> Layers { get; }

    /// <summary>The head that has these <see cref="Layers"/>; the reverse, for reading them from a file.</summary>
    internal static ClassifierHead FromLayers(IReadOnlyList<DenseLayer> layers)
    {
        if (layers is [{ Activation: Activation.Softmax } only]) return SoftmaxHead.FromRowMajor(only.Weights, only.Bias, only.Inputs);
        if (layers is not [.., { Activation: not Activation.Relu }] || layers.SkipLast(1).Any(layer => layer.Activation != Activation.Relu))
            throw Throw.NotAHead(layers.Select(layer => layer.Activation.ToString()));
        return new MlpHead(layers);
    }

    /// <summary>Class probabilities of every row. They sum to 1. With multiple labels, each probability is independent instead.</summary>
    /// <param name="features"><c>[N,D]</c>.</param>
    /// <returns><c>[N,C]</c>; row i belongs to row i of <paramref name="features"/>.</returns>
    /// <exception cref="ArgumentException">The features have another D, or one of them is NaN or infinite.</exception>
    public Matrix<float> Probabilities(FeatureMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != Dim) Throw.FeaturesHaveWrongDim(features.Dim, Dim);
        // Behind a hidden layer a NaN would look like an answer.
        if (features.Values.IndexOfNonFinite() is >= 0 and var bad) Throw.FeatureNotFinite(bad / Dim, bad % Dim, features.Values[bad]);
        var rows = features.RowCount;
        var values = new float[rows * ClassCount];
        var parts = (rows + RowsWorthAThread - 1) / RowsWorthAThread;
        Parallel.For(0, parts, part =>
        {
            Span<float> row = new float[ClassCount];
            for (var i = part * RowsWorthAThread; i < Math.Min(rows, (part + 1) * RowsWorthAThread); i++)
            {
                Compute(features.Row(i), row);
                // MathNet keeps columns together: [N,C] column-major.
                for (var c = 0; c < row.Length; c++) values[c * rows + i] = row[c];
            }
        });
        return Matrix<float>.Build.Dense(rows, ClassCount, values);
    }

    /// <summary>Class probabilities of one feature vector.</summary>
    /// <param name="features">Length D.</param>
    /// <returns>Length C.</returns>
    /// <exception cref="ArgumentException">The vector has another length, or a number in it is NaN or infinite.</exception>
    public float[] Probabilities(ReadOnlySpan<float> features)
    {
        if (features.Length != Dim) Throw.FeaturesHaveWrongDim(features.Length, Dim);
        if (features.IndexOfNonFinite() is >= 0 and var bad) Throw.VectorNotFinite("vector", null, bad, features);
        var probabilities = new float[ClassCount];
        Compute(features, probabilities);
        return probabilities;
    }

    private void Write(string path, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        HeadFile.Write(path, this, Require.Labels(labels, ClassCount), $"training {RunFingerprint.OwnVectors}", cancellationToken);
    }

    private protected abstract void Compute(ReadOnlySpan<float> features, Span<float> probabilities);
}
