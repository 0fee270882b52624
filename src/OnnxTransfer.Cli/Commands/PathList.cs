using System.Text;

namespace OnnxTransfer.Cli.Commands;

/// <summary>
/// A text with one path in each line: UTF-8, with or without a byte order mark, with any line ends. Empty lines do not count; nothing else
/// is cut away, because a name may begin or end with a space.
/// </summary>
/// <param name="path">The file, or - for standard input.</param>
internal sealed class PathList(string path)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private string Name => path == "-" ? "The list on standard input" : $"The list '{path}'";

    /// <summary>The number of paths; null where the text can be read only once.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    internal long? Count()
    {
        if (path == "-") return null;
        if (Directory.Exists(path)) Throw.FileIsAFolder(path);
        if (!File.Exists(path)) Throw.FileNotFound(path);
        using (var file = File.OpenRead(path))
        {
            if (!file.CanSeek) return null;
        }

        return Read().LongCount();
    }

    /// <summary>The paths, read as they are taken.</summary>
    /// <exception cref="InvalidDataException">The text is not UTF-8.</exception>
    internal IEnumerable<string> Read()
    {
        using var reader = new StreamReader(path == "-" ? Console.OpenStandardInput() : File.OpenRead(path), s_strict);
        for (var line = 1L; Next(reader, line) is { } text; line++)
        {
            if (text.Length > 0) yield return text;
        }
    }

    private string? Next(StreamReader reader, long line)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"{Name} is not UTF-8 after line {line - 1}: save it as UTF-8.", exception);
        }
    }
}
