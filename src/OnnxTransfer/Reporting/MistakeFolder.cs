using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Reporting;

/// <summary>Copies the photos that were classified wrongly into folders by true and predicted class.</summary>
internal static class MistakeFolder
{
    /// <summary>Copies the mistakes into <c>folder/TRUE/PREDICTED/name</c>.</summary>
    /// <param name="folder">A folder that is empty or does not exist: what is in another cannot be replaced, and no link in it followed.</param>
    /// <param name="judged">The images.</param>
    /// <param name="labels">The classes.</param>
    /// <param name="options">How images are read.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <returns>The number of copies.</returns>
    internal static int Write(string folder, IReadOnlyList<JudgedImage> judged, IReadOnlyList<string> labels, DecodeOptions options, CancellationToken cancellationToken)
    {
        RequireEmpty(folder);
        Directory.CreateDirectory(folder);
        var names = new DistinctNames();
        string[] folders = [.. labels.Select(names.Next)];
        var inFolder = new Dictionary<(int Truth, int Predicted), DistinctNames>();
        var count = 0;
        foreach (var image in judged.Where(image => !image.IsRight))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = Path.Combine(folder, folders[image.Truth], folders[image.Predicted]);
            if (!inFolder.TryGetValue((image.Truth, image.Predicted), out var files))
            {
                inFolder.Add((image.Truth, image.Predicted), files = new DistinctNames());
                Directory.CreateDirectory(target);
            }

            using var opened = image.Image.Open(options, cancellationToken);
            var content = opened.Pixels is { } pixels ? ImageEncoder.Png(pixels) : opened.Encoded.ToArray();
            var name = opened.Pixels is null ? image.Name : Path.ChangeExtension(image.Name, ".png");
            AtomicFile.Write(Path.Combine(target, files.Next(name)), content, cancellationToken: cancellationToken);
            count++;
        }

        return count;
    }

    /// <exception cref="IOException">The folder is a file, or there is something in it.</exception>
    private static void RequireEmpty(string folder)
    {
        if (File.Exists(folder)) Throw.TargetFolderIsAFile(folder);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) Throw.TargetFolderNotEmpty(folder);
    }
}
