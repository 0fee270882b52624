using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void MatrixHasWrongLength(long length, int rowCount, int dim) =>
        throw new ArgumentException($"A matrix of {rowCount} rows and {dim} columns has {(long)rowCount * dim} values, but {length} were given.");

    internal static InvalidDataException FeatureFileInvalid(string path, string what, Exception? inner = null) => new($"The file '{path}' {what}.", inner);

    [DoesNotReturn]
    internal static void DestinationHasWrongLength(int given, int expected) =>
        throw new ArgumentException($"The destination has {given} numbers, but the vector has {expected}: both lengths must be equal.");

    [DoesNotReturn]
    internal static void IdsDoNotMatchRows(int ids, int rows) =>
        throw new ArgumentException($"There are {rows} feature vectors but {ids} ids: every row needs one.");

    [DoesNotReturn]
    internal static void IdMissing(int row) =>
        throw new ArgumentException($"The id of row {row} is null: give every row a name.");

    [DoesNotReturn]
    internal static void QueryHasWrongDim(int given, int expected) =>
        throw new ArgumentException($"The query has {given} dimensions, but the index has {expected}: use the backbone and layer that the index was made with.");

    [DoesNotReturn]
    internal static void VectorNotFinite(string what, int? row, int column, ReadOnlySpan<float> vector) =>
        throw new ArgumentException($"Feature {column} of {Named(what, row)} is {vector[column]}: features must be finite numbers; leave that vector out, or find out why the backbone gave it.");

    [DoesNotReturn]
    internal static void VectorHasNoDirection(int? row) =>
        throw new ArgumentException($"All features of {Named("vector", row)} are zero, so it has no direction and cannot be normalized: leave it out.");

    [DoesNotReturn]
    internal static void VectorTooShortForCosine(string what, int row, double length) =>
        throw new ArgumentException($"The length of {Named(what, row)} is {length:G3}, which is too close to zero for a direction: leave that vector out, or use {nameof(DistanceMetric)}.{nameof(DistanceMetric.Euclidean)}.");

    [DoesNotReturn]
    internal static void VectorTooLong(string what, int row, double length) =>
        throw new ArgumentException($"The length of {Named(what, row)} is {length:G3}, but the limit for comparison is 1e18: divide all vectors by one number.");

    private static string Named(string what, int? row) => row is { } index ? $"{what} {index}" : $"the {what}";

    [DoesNotReturn]
    internal static void TensorNotFound(string model, string what, string name, IEnumerable<string> known) =>
        throw new ModelException($"{model} has no {what} '{name}'; it has {Known(name, known)}. Correct its .model.json.");

    [DoesNotReturn]
    internal static void InputNotFloat(string model, string input, string type) =>
        throw new ModelException($"The input '{input}' of {model} is {type}, but an image input must be float32.");

    [DoesNotReturn]
    internal static void InputNotAnImage(string model, string input, IEnumerable<int> dims) =>
        throw new ModelException($"The input '{input}' of {model} has the shape {Shape(dims)}, but an image input has four axes.");

    [DoesNotReturn]
    internal static void InputHasOtherSize(string model, string input, IReadOnlyList<int> dims, IReadOnlyList<long> image)
    {
        var channels = dims[image[0] == 3 ? 1 : 3];
        // Three at the other end is another layout.
        if (channels is 1 or 2 or 4 && dims[1] != 3 && dims[3] != 3)
            throw new ModelException($"The input '{input}' of {model} has the shape {Shape(dims)}, so it takes images of {channels} channel{(channels == 1 ? "" : "s")}, but images are prepared with three, red, green and blue: use a network of color images, or add the conversion to the graph.");
        throw new ModelException(
            $"The input '{input}' of {model} has the shape {Shape(dims)}, but images are prepared as {Shape(image)}: use the size and the layout that the network was made for, in its .model.json or the Preprocess option.");
    }

    [DoesNotReturn]
    internal static void OutputHasWrongLength(string model, string output, int batch, int rowLength, int values) =>
        throw new ModelException(
            $"The output '{output}' of {model} gave {values} values for {batch} images, but its .model.json states or its graph implies {rowLength} for each image: name another layer, or correct the tensor or its dimension in the card.");

    [DoesNotReturn]
    internal static void TooManyRowsForOneMatrix(int rowCount, int dim) =>
        throw new ArgumentException(
            $"{rowCount} images with {dim} numbers each are more than one matrix can hold ({Array.MaxLength / dim} images): embed them in parts, or as a stream with EmbedStreamAsync.");

    [DoesNotReturn]
    internal static void OnnxRuntimeNotFound(string platform) => throw new DllNotFoundException(
        platform is "win-x64" or "win-arm64" or "linux-x64" or "linux-arm64" or "osx-arm64"
            ? $"ONNX Runtime's native library for {platform} is not beside the application, so no network can run. Add the package OnnxTransfer (CPU) or, on x64, OnnxTransfer.Gpu (CUDA), and publish with `-r {platform}`."
            : $"ONNX Runtime has no native library for {platform}, so no network can run. It runs on win-x64, win-arm64, linux-x64, linux-arm64 (with glibc, not musl) and osx-arm64.");

    internal static InvalidDataException NotACache(string file) =>
        new($"'{file}' is a database of another program, not a feature cache: name another folder.");

    internal static InvalidDataException CacheOfAnotherVersion(string file, long found, int known) =>
        new($"The feature cache '{file}' has format {found}, but this version reads format {known}: name another folder, or delete the file; the next run computes its vectors again.");

    internal static InvalidDataException CacheDamaged(string file, string finding, Exception? inner = null) =>
        new($"The feature cache '{file}' is damaged ({OneLine(finding).TrimEnd('.')}): a run renames it and starts a new one as soon as no other process has it open.", inner);

    internal static string CacheRebuilt(string file, string newName) =>
        $"The feature cache '{file}' was damaged: it was renamed to '{newName}', and a new one was started. The vectors are computed again. `onnxtransfer cache gc` deletes the damaged file.";

    /// <summary>What the codes of SQLite mean to the owner of a cache; see sqlite.org/rescode.html.</summary>
    internal static Exception CacheFailed(string file, Exception inner) => inner switch
    {
        SqliteException { SqliteErrorCode: 11 or 26 } => CacheDamaged(file, inner.Message, inner),
        SqliteException { SqliteErrorCode: 13 } => CacheDiskFull(file, inner),
        // The index of the write-ahead log is mapped into memory; a disk without room for it gives an error of reading or writing.
        SqliteException { SqliteErrorCode: 10 } when FreeBytes(file) < LeastRoom => CacheDiskFull(file, inner),
        SqliteException { SqliteErrorCode: 5 or 6 } => new IOException($"Another process has locked the feature cache '{file}' for too long: end that process, or name another folder.", inner),
        SqliteException { SqliteErrorCode: 8 } => new IOException($"This account may not write the feature cache '{file}': change its permissions, or name another folder.", inner),
        InvalidDataException => inner,
        _ => new IOException($"The feature cache '{file}' cannot be used: {OneLine(inner.Message).TrimEnd('.')}. Give this account the right to write there, or name another folder (--cache, ONNXTRANSFER_HOME).", inner),
    };

    /// <summary>What SQLite needs for the log and its index before it can do anything, shrinking included.</summary>
    private const long LeastRoom = 1 << 20;

    private static IOException CacheDiskFull(string file, Exception inner) =>
        new($"The disk of the feature cache '{file}' is full: free some space (`onnxtransfer cache gc` itself needs {LeastRoom >> 20} MB), or name another folder.", inner);

    private static long FreeBytes(string file)
    {
        try
        {
            return new DriveInfo(file).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue;
        }
    }

    [DoesNotReturn]
    internal static void DestinationTooShort(string name, int length, int dim) =>
        throw new ArgumentException($"The destination has room for {length} numbers, but a feature vector has {dim}: give a span of FeatureExtractor.Dim numbers.", name);

    internal static ModelException RunFailed(string model, Exception inner) => new($"{model} failed to run: {OneLine(inner.Message)}", inner);

    internal static ModelException RunTookTooLong(string model, TimeSpan limit) =>
        new($"A run of {model} was ended after {limit.TotalSeconds:0.###} seconds, the time limit of one run ({nameof(FeatureExtractorOptions.MaxRunTime)}, --max-run-time): raise the limit if the network is that slow here, otherwise use another network.");

    internal static InvalidModelException ModelDoesNotLoad(string model, Exception inner) =>
        new($"ONNX Runtime cannot load {model}: {OneLine(inner.Message)}", inner);

    [DoesNotReturn]
    internal static void ProviderUnavailable(string provider, string obstacle) =>
        throw new ProviderUnavailableException($"The provider {provider} does not work here: {OneLine(obstacle)} Use --provider auto or cpu to run on the CPU; `onnxtransfer doctor` lists the providers that work.");

    [DoesNotReturn]
    internal static void TooFewCalibrationImages(int usable, int fewest, int given, string? reason) =>
        throw new ModelException(
            $"The calibration for 8 bits needs at least {fewest} images that can be decoded, but only {usable} of the {given} given can be{(reason is null ? "" : $" (one cannot, because {OneLine(reason).TrimEnd('.')})")}: "
            + $"give more in {nameof(FeatureExtractorOptions)}.{nameof(FeatureExtractorOptions.CalibrationImages)}, or use another precision.");

    [DoesNotReturn]
    internal static void NothingToQuantize(string model) =>
        throw new ModelException($"{model} has no convolution with float32 weights, so no part of it can run in 8 bits; use another precision.");

    [DoesNotReturn]
    internal static void PrecisionFixed(string model, NetworkPrecision own, NetworkPrecision asked) =>
        throw new ModelException($"{model} was saved in {own} and cannot be converted to {asked}: start from the float32 file, or ask for {own} or {NetworkPrecision.Auto}.");

    private static string Shape<T>(IEnumerable<T> dims) => $"[{string.Join(",", dims)}]";
}
