using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>What the content of a file must give: a SHA-256, or the name that Git gives to a file.</summary>
/// <param name="Name">The kind, for messages.</param>
/// <param name="Digits">Lower-case hexadecimal digits.</param>
internal sealed record Checksum(string Name, string Digits)
{
    private const string Git = "Git checksum";

    internal static Checksum Sha256(string digits) => new("sha256", digits);

    /// <summary>The checksum that an entity tag of the Hugging Face hub is: 64 digits for a large file, 40 for one that Git holds; null for any other tag.</summary>
    internal static Checksum? OfTag(string tag) => !tag.All(char.IsAsciiHexDigitLower) ? null : tag.Length switch
    {
        64 => Sha256(tag),
        40 => new Checksum(Git, tag),
        _ => null,
    };

    internal async Task<bool> IsOfAsync(string path, CancellationToken cancellationToken)
    {
        if (Name != Git) return await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false) == Digits;
        // Only small files are in Git itself.
        var content = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        var header = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0"));
#pragma warning disable CA5350 // Git names its files by SHA-1; it guards against damage here, not against an attack on the server.
        return Convert.ToHexStringLower(SHA1.HashData([.. header, .. content])) == Digits;
#pragma warning restore CA5350
    }
}
