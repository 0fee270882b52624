using System.CommandLine;
using System.CommandLine.Parsing;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The name of a file that a command writes. Before any work, the tool checks that the file can be written there.</summary>
/// <param name="name">The option.</param>
/// <param name="mayBeStandardOutput">Whether - stands for standard output.</param>
/// <param name="isFolder">Whether a value names a folder; null where none does.</param>
internal sealed class OutputOption(string name, bool mayBeStandardOutput = false, Func<string, bool>? isFolder = null) : Option<string>(name)
{
    private readonly bool _mayBeStandardOutput = mayBeStandardOutput;
    private readonly Func<string, bool>? _isFolder = isFolder;

    /// <summary>Checks every file that a command line names for writing.</summary>
    /// <exception cref="IOException">The folder does not exist, or the name is that of a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    internal static void Check(ParseResult parsed)
    {
        foreach (var result in parsed.CommandResult.Children.OfType<OptionResult>())
        {
            if (result is not { Option: OutputOption option, Tokens: [var path] } || (option._mayBeStandardOutput && path.Value == "-")) continue;
            try
            {
                if (option._isFolder?.Invoke(path.Value) ?? false) RequireFolder(path.Value);
                else AtomicFile.RequireWritable(path.Value);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"{option.Name}: {exception.Message}", exception);
            }
        }
    }

    /// <summary>A folder that is there takes files, or the one above it does.</summary>
    private static void RequireFolder(string path)
    {
        if (File.Exists(path)) Throw.TargetFolderIsAFile(path);
        AtomicFile.RequireWritable(Directory.Exists(path) ? Path.Combine(path, "manifest.json") : Path.TrimEndingDirectorySeparator(path));
    }
}
