using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;

namespace OnnxTransfer.Build;

/// <summary>A package of the npm registry at one version, with the registry's own checksum of its archive.</summary>
/// <param name="Name">The package's name.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Integrity">Subresource integrity of the archive: <c>sha512-</c> and base64.</param>
public sealed record NpmPackage(string Name, string Version, string Integrity);

/// <summary>Downloads archives with the npm client, so that a user's own registry, proxy and certificates apply.</summary>
/// <param name="folder">Where archives are kept between runs.</param>
public sealed class Npm(string folder)
{
    /// <summary>The verified archive of a package, downloaded if it is not here yet.</summary>
    /// <exception cref="BuildException">npm is missing, the download failed, or the archive is not the pinned one.</exception>
    public string Fetch(NpmPackage package)
    {
        Directory.CreateDirectory(folder);
        var archive = Path.Combine(folder, $"{package.Name.TrimStart('@').Replace('/', '-')}-{package.Version}.tgz");
        if (File.Exists(archive) && IsIntact(archive, package.Integrity)) return archive;

        Console.Error.WriteLine($"downloading {package.Name} {package.Version} from npm");
        // npm writes into a folder of its own, and only a verified archive is moved to its final name.
        var scratch = Directory.CreateTempSubdirectory("onnxtransfer-npm-").FullName;
        try
        {
            var (exitCode, output) = Shell.Capture(
                "npm", ["pack", $"{package.Name}@{package.Version}", "--pack-destination", scratch, "--loglevel", "error"], scratch);
            var downloaded = Directory.GetFiles(scratch, "*.tgz").SingleOrDefault();
            if (exitCode != 0 || downloaded is null)
            {
                throw new BuildException(
                    $"npm could not download {package.Name}@{package.Version} (exit code {exitCode}). Check the network and `npm config get registry`, " +
                    $"or place the archive by hand as {archive}. npm said:{Environment.NewLine}{output.Trim()}");
            }

            if (!IsIntact(downloaded, package.Integrity))
            {
                throw new BuildException(
                    $"The archive that npm downloaded for {package.Name}@{package.Version} is not the pinned archive ({package.Integrity}), so it was not used. " +
                    "A registry or proxy in between may have changed it; run this again, or place the right archive by hand as " + archive + ".");
            }

            var partial = archive + ".partial";
            File.Copy(downloaded, partial, overwrite: true);
            File.Move(partial, archive, overwrite: true);
            return archive;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>Extracts the files of an archive that <paramref name="wanted"/> names.</summary>
    /// <param name="archive">A verified archive.</param>
    /// <param name="destination">The folder to write to.</param>
    /// <param name="wanted">From a file's path inside the package (without the leading <c>package/</c>) to its path below
    /// <paramref name="destination"/>; null for a file that is not wanted.</param>
    /// <returns>How many files were written.</returns>
    public static int Extract(string archive, string destination, Func<string, string?> wanted)
    {
        using var file = File.OpenRead(archive);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        var count = 0;
        var root = Path.GetFullPath(destination) + Path.DirectorySeparatorChar;
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) continue;
            var name = entry.Name[(entry.Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
            if (wanted(name) is not { } target) continue;
            var path = Path.GetFullPath(Path.Combine(destination, target));
            if (!path.StartsWith(root, StringComparison.Ordinal))
            {
                throw new BuildException($"{archive} holds a file that would land outside its folder: {entry.Name}.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            entry.ExtractToFile(path, overwrite: true);
            count++;
        }

        return count;
    }

    private static bool IsIntact(string archive, string integrity)
    {
        using var file = File.OpenRead(archive);
        return integrity == "sha512-" + Convert.ToBase64String(SHA512.HashData(file));
    }
}
