using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Backbones.Hub;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void CardNotFound(string path) =>
        throw new ModelNotFoundException($"There is no model card at '{path}': the card of a model X.onnx is the file X.model.json beside it.");

    internal static InvalidModelException JsonNotAnObject(string origin, JsonValueKind kind) =>
        new($"{origin}: the JSON must be an object, but is {(kind == JsonValueKind.Null ? "null" : $"a value of the kind {kind}")}.");

    internal static InvalidModelException JsonUnreadable(string origin, JsonException cause)
    {
        var line = cause.LineNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $", line {number + 1}") : "";
        return new InvalidModelException($"{origin}{line}: this is not valid JSON.", cause);
    }

    internal static InvalidModelException JsonProblems(string origin, IReadOnlyList<string> problems) => new(problems is [var only]
        ? $"{origin}: {only}."
        : $"{origin}: {problems.Count} fields are wrong.{string.Concat(problems.Select(problem => $"{Environment.NewLine}  {problem}."))}");

    internal static InvalidModelException PresetNotSquare(string model, string preset, int height, int width) =>
        new($"The preprocessing '{preset}' makes square images, but {model} takes {width}x{height} pixels: write the preprocessing into a .model.json, or set FeatureExtractorOptions.Preprocess.");

    internal static ModelException PreparedSizeDiffers(string model, int? height, int? width, ImageSize made, string? statedBy) =>
        new($"The input of {model} takes images of {width?.ToString(CultureInfo.InvariantCulture) ?? "any width"} x {height?.ToString(CultureInfo.InvariantCulture) ?? "any height"} pixels, "
            + $"but {(statedBy is null ? "the preprocessing" : $"'{statedBy}'")} makes {made.Width} x {made.Height}: use the preprocessing that the file was made with (--preprocess NAME@SIZE on the command line), or a file for this size.");

    internal static ModelNotFoundException ModelIdUnknown(string id, ApplicationModels beside, IEnumerable<string> known) =>
        new($"There is no model '{id}'. {Places(id, beside, known)}.");

    [DoesNotReturn]
    internal static void BackboneNotFound(string idOrPath, string fullPath, ApplicationModels beside, IEnumerable<string> known) =>
        throw new ModelNotFoundException($"There is no backbone '{idOrPath}': there is no file or folder '{fullPath}', and no model with that id. {Places(idOrPath, beside, known)}. "
            + "A model of the Hugging Face hub is named `hf:owner/name`.");

    internal static ModelNotFoundException NoModelInFolder(string folder, IReadOnlyList<string> files) => new(files.Count == 0
        ? Internals.ForeignModel.DescribeFolder(folder) is { } kind ? $"'{folder}' is {kind}."
        : $"'{folder}' is a folder without an ONNX file: it needs model.onnx or onnx/model.onnx. To export a model of transformers, run `optimum-cli export onnx --model NAME {folder}`."
        : $"'{folder}' is a folder with {files.Count} ONNX files, and none is called model.onnx or vision_model.onnx: name one of {string.Join(", ", files.Take(8))}.");

    internal static ArgumentException HubIdUnreadable(string text) =>
        new($"'{text}' is not a name on the Hugging Face hub: write hf:owner/name, and where needed @revision and /file behind it, as hf:Xenova/dinov2-small@main/onnx/model.onnx.");

    internal static ModelException HubEndpointUnreadable(string endpoint) =>
        new($"HF_ENDPOINT is '{endpoint}', but must be the address of a Hugging Face hub, such as https://huggingface.co: correct the variable, or remove it.");

    internal static DirectoryNotFoundException HubFolderUnknown() =>
        new("This account has no home folder for the cache of the Hugging Face hub: set HF_HUB_CACHE to a folder.");

    internal static ModelNotFoundException HubFileNotHere(HubId id, string file, string folder) => new(
        $"'{file}' of {id} is not in the cache '{folder}', and downloads are switched off (HF_HUB_OFFLINE, ONNXTRANSFER_OFFLINE or ModelStore.IsOffline): switch them on once, or use another model.");

    internal static ModelNotFoundException HubPathUnknown(HubId id, string folder) => new(
        $"The model {id} of the Hugging Face hub has no path yet, because it is not in the cache '{folder}' and the hub decides its commit and its file: download it first, with ModelStore.GetAsync or `onnxtransfer models pull hf:{id}`.");

    internal static ModelNotFoundException HubNotListed(HubId id) => new(
        $"The model {id} of the Hugging Face hub is in no catalog: open it by its name (FeatureExtractor.Load, ModelFile.Open), which reads its facts from its own files.");

    internal static ModelNotFoundException HubHasNoModel(HubId id, IEnumerable<string> tried) => new(
        $"The repository {id} of the Hugging Face hub has no ONNX file with a usual name ({string.Join(", ", tried)}): name its file, as hf:{id.Repository}/FILE.onnx, or use a repository with an ONNX export.");

    internal static ModelNotFoundException HubEntryNotFound(HubId id, string file) => new($"The repository {id} of the Hugging Face hub has no file '{file}': check the name.");

    internal static ModelNotFoundException HubRefused(HubId id, Uri address, int status, string? code, bool hasToken) => new(code switch
    {
        "GatedRepo" => $"The repository {id} is gated: accept its terms on its page, and set HF_TOKEN to a token of your account.",
        "RevisionNotFound" => $"The repository {id.Repository} of the Hugging Face hub has no revision '{id.Revision}': check the name behind '@'.",
        "RepoNotFound" or null when status is 401 or 403 or 404 =>
            $"The Hugging Face hub has no repository {id.Repository} that {(hasToken ? "the token in HF_TOKEN" : "somebody without a token")} may read (HTTP {status.ToString(CultureInfo.InvariantCulture)} of {address}): check the name{(hasToken ? "" : ", or set HF_TOKEN if it is private")}.",
        _ => $"The Hugging Face hub answered HTTP {status.ToString(CultureInfo.InvariantCulture)}{(code is null ? "" : $" ({code})")} to {address}: try again later.",
    });

    internal static ModelException HubUnreachable(HubId id, Uri address, Exception cause) => new(
        $"Could not ask the Hugging Face hub for {id} ({address}): {OneLine(ServerAnswers.Describe(cause))} Check the network connection, HF_ENDPOINT and the proxy.", cause);

    internal static ModelException HubAnswerUnusable(HubId id, Uri address, string what) => new(
        $"The answer of {address} for {id} {what}: this is no Hugging Face hub, or a proxy or ModelStore.MessageHandler follows redirects by itself, which hides the checksum.");

    internal static ModelNotFoundException HubDownloadFailed(HubId id, string file, IReadOnlyList<(Uri Url, string Reason)> tried) => new(
        $"Could not download '{file}' of {id}: {string.Join("; ", tried.Select(one => $"{one.Url.GetLeftPart(UriPartial.Path)} {one.Reason}"))}. The next call continues the download.");

    internal static ModelException HubCacheNotWritable(string folder, Exception cause) => new(
        $"The cache of the Hugging Face hub '{folder}' cannot be written: {OneLine(cause.Message).TrimEnd('.')}. Free some disk space, give this account the right to write there, or set HF_HUB_CACHE to another folder.", cause);

    /// <summary>The ids in both places.</summary>
    private static string Places(string id, ApplicationModels beside, IEnumerable<string> known) =>
        (beside.Ids is { Count: > 0 } ids ? $"The application's folder ({beside.Folder}) has {Known(id, ids)}" : $"The application's folder ({beside.Folder}) has no model")
        + $"; the catalog has {Known(id, known)}";

    [DoesNotReturn]
    internal static void CardOfAnotherId(string cardPath, string id, string path) =>
        throw new InvalidModelException($"The card '{cardPath}' has the id '{id}', but the model is named '{Path.GetFileName(path)}': rename the file to '{id}.onnx', or correct the id.");

    [DoesNotReturn]
    internal static void ModelHashDiffers(string path, string cardPath, string expected, string actual) =>
        throw new InvalidModelException($"The model '{path}' does not match its card '{cardPath}': the card states sha256 {expected}, the file has {actual}. Restore the file, or correct the card if you changed the file on purpose.");

    [DoesNotReturn]
    internal static void ModelInPackage(CatalogEntry entry, string path, ApplicationModels beside) =>
        throw new ModelNotFoundException(string.Create(
            CultureInfo.InvariantCulture,
            $"The model '{entry.Id}' comes with the package {entry.Package}, which this application does not have (no '{Path.Combine(beside.Folder, entry.Id + ".onnx")}'): run `dotnet add package {entry.Package}`, or place the file of {entry.Bytes} bytes with sha256 {entry.Card.Sha256} at '{path}'."));

    [DoesNotReturn]
    internal static void ModelUnavailable(
        CatalogEntry entry, string path, string damage, IReadOnlyList<(Uri Url, string Reason)> tried, bool isOffline, ApplicationModels beside)
    {
        var found = damage == ModelStore.NotThere ? "" : $" The file '{path}' cannot be used, because {damage}.";
        var failure = isOffline
            ? "downloads are switched off (ONNXTRANSFER_OFFLINE or ModelStore.IsOffline)"
            : $"{tried.Count} {(tried.Count == 1 ? "mirror" : "mirrors")} failed (listed below)";
        var attempts = string.Concat(tried.Select(one => $"{Environment.NewLine}  {one.Url}: {one.Reason}"));
        throw new ModelNotFoundException(string.Create(
            CultureInfo.InvariantCulture,
            $"Could not download '{entry.Id}': {failure}.{found} Place the file ({entry.Bytes} bytes, sha256 {entry.Card.Sha256}) at '{path}', or {WithoutDownload(beside)}.{attempts}"));
    }

    /// <summary>What to do instead of a download: use a model that is here, or add the package that brings one.</summary>
    private static string WithoutDownload(ApplicationModels beside)
    {
        var packaged = ModelCatalog.Default.Entries.First(entry => entry.Package is not null);
        return beside.Ids is { Count: > 0 } ids
            ? $"use a model that needs no download: `--backbone {(ids.Contains(packaged.Id) ? packaged.Id : ids[0])}`"
            : $"add a model that needs no download: `dotnet add package {packaged.Package}`, then `--backbone {packaged.Id}`";
    }

    internal static InvalidModelException LabelsElsewhere(string model, string labels) =>
        new($"The card of '{model}' names the file of class names '{labels}', which is not in the model's folder: put the file beside the model, and give its name as 'classes.labels'.");

    internal static ModelException StoreNotWritable(string folder, Exception cause) =>
        new($"The model store '{folder}' cannot be written: {OneLine(cause.Message).TrimEnd('.')}. Free some disk space, give this account the right to write there, or set ONNXTRANSFER_HOME to another folder.", cause);

    [DoesNotReturn]
    internal static void TimeoutNotPositive(string name, TimeSpan value) =>
        throw new ArgumentOutOfRangeException(name, value, $"{name} must be longer than zero, but is {value}.");

    internal static ModelException PreprocessingUnknown(string path, string cardPath) =>
        new($"The preprocessing of the images of {path} is not known, because no .model.json, preprocessor_config.json or timm config.json with a preprocessing is beside it: "
            + $"name one with `--preprocess NAME` (FeatureExtractorOptions.Preset in C#; {string.Join(", ", PreprocessSpec.PresetNames.Where(name => !name.StartsWith("keras-", StringComparison.Ordinal)))}, keras-MODULE), "
            + $"or write {cardPath} with `onnxtransfer models card {path} --preprocess NAME`.");

    internal static ModelException ClassesUnknown(string path) =>
        new($"The card of {path} states something about the classes, but neither it nor the graph tells the tensor, the kind and the number: state 'classes.tensor', 'classes.kind' and 'classes.count'.");

    internal static ModelException PoolingOfVector(string path, string tensor, string pooling) =>
        new($"The pooling '{pooling}' has nothing to reduce: the features of {path} are '{tensor}', which is one vector per image. Name a layer with height and width or with tokens (`onnxtransfer models layers` lists them), or leave the pooling out.");

    internal static ModelException FeaturesUnknown(string path, string why) =>
        new($"Could not find the tensor of {path} that holds one feature vector per image. {why} Name the tensor in a .model.json beside the file.");

    /// <summary>
    /// The error of a model that could not be read: the file is missing, is damaged, or is sound but lacks the requested tensor.
    /// </summary>
    internal static ModelException ModelUnreadable(Exception inner) =>
        inner is InvalidDataException ? new InvalidModelException(inner.Message, inner) : ModelUnusable(inner);

    /// <summary>The error of a model that was read but cannot do the requested work.</summary>
    internal static ModelException ModelUnusable(Exception inner) =>
        inner is FileNotFoundException ? new ModelNotFoundException(inner.Message, inner) : new ModelException(inner.Message, inner);
}
