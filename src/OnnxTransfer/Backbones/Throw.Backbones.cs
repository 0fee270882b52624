using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using OnnxTransfer.Backbones;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void CardNotFound(string path) =>
        throw new ModelNotFoundException($"There is no model card at '{path}': the card of a model X.onnx is the file X.model.json beside it.");

    [DoesNotReturn]
    internal static void JsonEmpty(string origin) =>
        throw new InvalidModelException($"{origin}: the JSON is null, but must be an object.");

    internal static InvalidModelException JsonUnreadable(string origin, JsonException cause)
    {
        var field = cause.Path is { Length: > 2 } path ? $", field '{path[2..]}'" : "";
        var line = cause.LineNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $", line {number + 1}") : "";
        var where = origin + line + field;
        // The serializer wraps the reader's own exception where the text itself is broken.
        return cause.InnerException is JsonException
            ? new InvalidModelException($"{where}: this is not valid JSON.", cause)
            : new InvalidModelException($"{where}: the field does not exist in this format, or its value has the wrong type; correct its spelling or its value.", cause);
    }

    [DoesNotReturn]
    internal static void FieldMissing(string origin, string field) =>
        throw new InvalidModelException($"{origin}: the field '{field}' is missing or empty.");

    [DoesNotReturn]
    internal static void FieldNotPositive(string origin, string field, long value) =>
        throw new InvalidModelException($"{origin}: the field '{field}' must be greater than zero, but is {value}.");

    [DoesNotReturn]
    internal static void FieldNotUsable(string origin, string field, string wanted, string found) =>
        throw new InvalidModelException($"{origin}: the field '{field}' must be {wanted}, but is '{found}'.");

    [DoesNotReturn]
    internal static void FieldChoiceUnknown(string origin, string field, string found, IEnumerable<string> known) =>
        throw new InvalidModelException($"{origin}: the field '{field}' is '{found}', but must be one of {Known(found, known)}.");

    [DoesNotReturn]
    internal static void FieldOutOfPlace(string origin, string field, string mode, string wanted) =>
        throw new InvalidModelException($"{origin}: the field '{field}' has no meaning with the resize mode '{mode}', which takes {wanted}; remove the field.");

    [DoesNotReturn]
    internal static void CropMissing(string origin, string field) =>
        throw new InvalidModelException($"{origin}: the field '{field}' is missing or null, but the resize mode 'shortest-edge' does not fix the longer side, so it needs a crop with a size.");

    [DoesNotReturn]
    internal static void PresetNotAlone(string origin, string prefix, string preset) =>
        throw new InvalidModelException($"{origin}: '{prefix}preset' is '{preset}'. A preset fixes everything but the upsampling, so no other field may stand beside it: remove the other fields, or remove the preset.");

    [DoesNotReturn]
    internal static void CardSizesDiffer(string origin, string prefix, int preparedWidth, int preparedHeight, int width, int height) =>
        throw new InvalidModelException($"{origin}: '{prefix}preprocess' makes images of {preparedWidth}x{preparedHeight} pixels, but '{prefix}input' takes {width}x{height}; make the two sizes equal.");

    [DoesNotReturn]
    internal static void CatalogSchemaUnknown(string origin, int? schema, int known) =>
        throw new InvalidModelException($"{origin}: the schema is {schema?.ToString(CultureInfo.InvariantCulture) ?? "not stated"}, but this version reads schema {known}.");

    [DoesNotReturn]
    internal static void CatalogIdTwice(string origin, string id) =>
        throw new InvalidModelException($"{origin}: the id '{id}' occurs twice; give each model its own id.");

    [DoesNotReturn]
    internal static void CatalogIdNotAFileName(string origin, string id) =>
        throw new InvalidModelException($"{origin}: the id '{id}' names files in the model store, so it may hold only lower-case letters, digits, '.', '-' and '_', and must begin with a letter or digit.");

    [DoesNotReturn]
    internal static void CatalogEntryHasNoOrigin(string origin, string id) =>
        throw new InvalidModelException($"{origin}: the entry '{id}' needs bytes, the card's sha256, and either mirrors or a package.");

    internal static ModelNotFoundException ModelIdUnknown(string id, ApplicationModels beside, IEnumerable<string> known) =>
        new($"There is no model '{id}'. {Places(id, beside, known)}.");

    [DoesNotReturn]
    internal static void BackboneNotFound(string idOrPath, string fullPath, bool isFolder, ApplicationModels beside, IEnumerable<string> known) =>
        throw new ModelNotFoundException(
            (isFolder && Internals.ForeignModel.DescribeFolder(idOrPath) is { } kind
                ? $"The backbone '{idOrPath}' is {kind}. "
                : isFolder
                ? $"The backbone '{idOrPath}' is a folder ('{fullPath}'), not an ONNX file: give the path of an .onnx file, or an id. "
                : $"There is no backbone '{idOrPath}': there is no file '{fullPath}', and no model with that id. ")
            + Places(idOrPath, beside, known) + ".");

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

    internal static ModelException StoreNotWritable(string folder, Exception cause) =>
        new($"The model store '{folder}' cannot be written: {cause.Message} Free some disk space, give this account the right to write there, or set ONNXTRANSFER_HOME to another folder.", cause);

    [DoesNotReturn]
    internal static void TimeoutNotPositive(string name, TimeSpan value) =>
        throw new ArgumentOutOfRangeException(name, value, $"{name} must be longer than zero, but is {value}.");

    internal static ModelException PreprocessingUnknown(string path, string cardPath) =>
        new($"{path} has no .model.json beside it, so the preprocessing of its images is not known: write {cardPath}, or set FeatureExtractorOptions.Preprocess (--preprocess on the command line).");

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
