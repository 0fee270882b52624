using System.Diagnostics;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>
/// A text that grows row by row. It has its name from the first row on, and a reader may follow it: whatever ends the process, the rows up
/// to the last second are there.
/// </summary>
internal sealed class RowFile : IDisposable
{
    private static readonly TimeSpan s_mostDelay = TimeSpan.FromSeconds(1);

    private readonly TextWriter _text;
    private long _flushed = Stopwatch.GetTimestamp();

    private RowFile(TextWriter text) => _text = text;

    /// <param name="path">The file, which is replaced; or - for standard output.</param>
    internal static RowFile Open(string path)
    {
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        // Only on a terminal are the control characters of names made harmless; a program gets them as they are.
        if (path == "-") return new RowFile(Console.IsOutputRedirected ? new StreamWriter(Console.OpenStandardOutput(), encoding) : Console.Out);
        return new RowFile(new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read), encoding));
    }

    /// <summary>Writes rows that are all known: a file is there whole or stays the old one, since nobody follows it.</summary>
    /// <param name="path">The file, which is replaced; or - for standard output.</param>
    /// <param name="rows">The rows, which have no line ends.</param>
    internal static void WriteAll(string path, IEnumerable<string> rows)
    {
        if (path == "-") Write(Open(path));
        else AtomicFile.Write(path, stream => Write(new RowFile(new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true))));

        void Write(RowFile file)
        {
            using (file)
            {
                foreach (var row in rows) file.WriteLine(row);
            }
        }
    }

    /// <summary>Writes a row, which has no line end.</summary>
    internal void WriteLine(string row)
    {
        _text.Write(row);
        _text.Write('\n');
        if (Stopwatch.GetElapsedTime(_flushed) < s_mostDelay) return;
        _text.Flush();
        _flushed = Stopwatch.GetTimestamp();
    }

    public void Dispose()
    {
        _text.Flush();
        if (!ReferenceEquals(_text, Console.Out)) _text.Dispose();
    }
}
