using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>
/// What a feature set will be: the parts that its images fall into, by name. The name of a part has its number and a hash of everything
/// that its rows depend on, so that a part of another plan is another file.
/// </summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Version">Always <see cref="CurrentVersion"/>.</param>
/// <param name="Network">The network and the preprocessing.</param>
/// <param name="PartSize">Images in each part but the last.</param>
/// <param name="Images">The number of images.</param>
/// <param name="Root">The folder that the ids are relative to, for people; null for none.</param>
/// <param name="Parts">The names of the parts' files, without extension.</param>
internal sealed record SetPlan(string Format, int Version, SetNetwork Network, int PartSize, long Images, string? Root, IReadOnlyList<string> Parts)
{
    internal const string FormatName = "onnxtransfer feature set";
    internal const int CurrentVersion = 1;

    /// <summary>A matrix of this many numbers is one array in memory while the part is made.</summary>
    internal static int LargestPart(int dim) => Math.Min(FeatureSetOptions.LargestPartSize, Array.MaxLength / dim);

    /// <summary>Plans a set of images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="partSize">Images in a part, at most <see cref="LargestPart"/>.</param>
    /// <param name="network">The network.</param>
    /// <param name="root">The folder that the ids are relative to; null for none.</param>
    internal static SetPlan Of(SetImages images, int partSize, SetNetwork network, string? root = null)
    {
        var names = new string[checked((int)PartsOf(images.Count, partSize))];
        Parallel.For(0, names.Length, part =>
        {
            var hash = new PartHash(network);
            foreach (var image in images.Part(part, partSize).Span) hash.Add(image.Id, image.Label);
            names[part] = hash.NameOf(part);
        });
        return new SetPlan(FormatName, CurrentVersion, network, partSize, images.Count, root, names);
    }

    /// <summary>The number of images in a part.</summary>
    internal int ImagesIn(int part) => (int)Math.Min(PartSize, Images - ((long)part * PartSize));

    /// <summary>Whether another plan is of the same parts; where the photos lie does not count.</summary>
    internal bool IsSameAs(SetPlan other) =>
        Network.Sha256 == other.Network.Sha256 && PartSize == other.PartSize && Images == other.Images && Parts.SequenceEqual(other.Parts);

    /// <summary>Whether a plan that was read from a file can be one.</summary>
    internal bool IsSound =>
        Format == FormatName && Version == CurrentVersion && Network.IsSound && PartSize > 0 && PartSize <= LargestPart(Network.Dim) && Images > 0
        && Parts.Count == PartsOf(Images, PartSize) && Parts.Select(PartHash.PartOf).SequenceEqual(Enumerable.Range(0, Parts.Count).Cast<int?>());

    private static long PartsOf(long images, int partSize) => (images + partSize - 1) / partSize;
}

/// <summary>The name of a part: its number, and the first 16 digits of a SHA-256 over the network and each image's id and label.</summary>
internal sealed class PartHash
{
    private const string Prefix = "part-";
    private const int NumberLength = 8;
    private const int HashLength = 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal PartHash(SetNetwork network) => Append(network.Sha256);

    internal void Add(string id, string? label)
    {
        Append(id);
        Append(label);
    }

    /// <summary>Ends the hash.</summary>
    internal string NameOf(int part)
    {
        using (_hash) return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{part:D8}-{Convert.ToHexStringLower(_hash.GetHashAndReset())[..HashLength]}");
    }

    /// <summary>The number in the name of a part; null for another name.</summary>
    internal static int? PartOf(string? name) =>
        name?.Length == Prefix.Length + NumberLength + 1 + HashLength && name.StartsWith(Prefix, StringComparison.Ordinal) && name[^(HashLength + 1)] == '-'
        && name[^HashLength..].All(char.IsAsciiHexDigitLower)
        && int.TryParse(name.AsSpan(Prefix.Length, NumberLength), NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            ? part
            : null;

    /// <summary>With its length before it, so that no two lists of texts give the same bytes; no text is another thing than an empty one.</summary>
    private void Append(string? text)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        var bytes = text is null ? [] : Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, text is null ? -1 : bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
    }
}
