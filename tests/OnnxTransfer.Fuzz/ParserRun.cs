using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// Mutates what a parser reads, and keeps each input that takes it along an edge for the first time: from these it goes on. This is AFL's
/// way, in one process and on one thread.
/// </summary>
internal sealed class ParserRun
{
    /// <summary>
    /// Processor time of an input, which takes a few microseconds. One that takes this long has found a loop that grows faster than the file.
    /// </summary>
    private const int MostMilliseconds = 2000;

    /// <summary>The pixels of a PNG file that is mended, twice, are the most that any parser needs.</summary>
    private const long MostAllocated = 64 << 20;

    private const int MostFindings = 50;
    private const int HangSeconds = 60;

    private static readonly int[] s_numbers = [0, 1, -1, 2, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 1000, 4096, short.MaxValue, short.MinValue, ushort.MaxValue, int.MaxValue, int.MinValue, int.MaxValue - 7];

    private readonly Parser _parser;
    private readonly string _folder;
    private readonly Random _random;
    private readonly byte[][] _tokens;
    private readonly Coverage _coverage;
    private readonly List<byte[]> _queue = [];
    private readonly HashSet<string> _findings = [];
    private byte[] _current = [];
    private long _since = Stopwatch.GetTimestamp();
    private double _slowest;

    private ParserRun(Coverage coverage, Parser parser, string folder, int seed)
    {
        (_coverage, _parser, _folder, _random) = (coverage, parser, folder, new Random(seed));
        _tokens = [.. parser.Tokens.Select(Encoding.Latin1.GetBytes)];
    }

    /// <summary>Fuzzes one parser; called in the copy of this program that uses the instrumented library.</summary>
    /// <param name="name">The parser.</param>
    /// <param name="folder">Keeps the inputs that matter, for the next run, and the findings.</param>
    /// <param name="minutes">How long.</param>
    /// <param name="seed">The same seed takes the same way, as far as it gets in that time.</param>
    /// <returns>0 where nothing was found.</returns>
    internal static int Run(string name, string folder, double minutes, int seed)
    {
        Directory.CreateDirectory(folder);
        // Where the counts are must be known before the first branch is passed.
        using var coverage = new Coverage();
        return new ParserRun(coverage, Parsers.All.Single(parser => parser.Name == name), folder, seed).Run(TimeSpan.FromMinutes(minutes));
    }

    private int Run(TimeSpan time)
    {
        using var watchdog = new Timer(_ =>
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _since)).TotalSeconds <= HangSeconds) return;
            Environment.FailFast($"{Keep(_current)} has taken more than {HangSeconds} seconds");
        }, null, 1000, 1000);
        // What an earlier run found is written again if it is still wrong.
        byte[][] found = [.. Files("*.found")], sound = [.. _parser.Sound()];
        foreach (var old in Directory.GetFiles(_folder, "*.found")) File.Delete(old);
        foreach (var input in (byte[][])[.. sound, .. Files("*.kept"), .. found]) Try(input);
        var sinceStart = Stopwatch.StartNew();
        Console.WriteLine($"{_parser.Name}: {sound.Length} sound inputs, {_queue.Count} that matter, {_coverage.Seen} edges");

        var (tried, next) = (0L, TimeSpan.FromSeconds(10));
        while (sinceStart.Elapsed < time)
        {
            // The latest have been mutated least.
            var from = _queue[_random.Next(3) == 0 ? _random.Next(_queue.Count) : _queue.Count - 1 - _random.Next(Math.Min(_queue.Count, 50))];
            for (var i = 0; i < 64; i++, tried++) Try(Mutated(from));
            if (sinceStart.Elapsed < next) continue;
            Print(tried, sinceStart.Elapsed);
            next = sinceStart.Elapsed + TimeSpan.FromSeconds(Math.Min(60, sinceStart.Elapsed.TotalSeconds));
        }

        Print(tried, sinceStart.Elapsed);
        Distill();
        return _findings.Count == 0 ? 0 : 1;
    }

    private IEnumerable<byte[]> Files(string pattern) => Directory.GetFiles(_folder, pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private void Print(long tried, TimeSpan elapsed) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{elapsed.TotalSeconds,5:f0} s  {tried,10} inputs  {tried / elapsed.TotalSeconds,7:f0}/s  {_queue.Count,5} that matter  {_coverage.Seen,5} edges  slowest {_slowest:f0} ms  {_findings.Count} findings"));

    /// <summary>Gives an input to the parser, and remembers it if it leads to something new.</summary>
    private void Try(byte[] input)
    {
        (_current, var allocated) = (input, GC.GetAllocatedBytesForCurrentThread());
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
        var start = Environment.CpuUsage.TotalTime;
        _coverage.Begin();
        try
        {
            _parser.Read(input);
        }
        catch (Exception exception) when (_parser.Refuses(exception))
        {
            // The documented error.
        }
#pragma warning disable CA1031 // Any other exception is what this program looks for.
        catch (Exception exception)
        {
            var place = exception.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("OnnxTransfer", StringComparison.Ordinal))?.Trim();
            Found(input, $"{exception.GetType().Name} {place}", exception.ToString());
        }
#pragma warning restore CA1031

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (allocated > MostAllocated) Found(input, "memory", $"{allocated >> 20} MiB were allocated for {input.Length} bytes");
        var took = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        _slowest = Math.Max(_slowest, took);
        if (took > MostMilliseconds) Found(input, "time", string.Create(CultureInfo.InvariantCulture, $"{took:f0} ms were taken for {input.Length} bytes"));
        if (_coverage.HasNew()) _queue.Add(input);
    }

    private byte[] Mutated(byte[] from)
    {
        var bytes = from.ToList();
        for (var left = 1 << _random.Next(5); left > 0; left--)
        {
            if (bytes.Count == 0) bytes.Add((byte)_random.Next(256));
            var at = _random.Next(bytes.Count);
            switch (_random.Next(8))
            {
                case 0 when _tokens.Length > 0:
                    var token = _tokens[_random.Next(_tokens.Length)];
                    if (_random.Next(2) == 0) bytes.InsertRange(at, token);
                    else Overwrite(bytes, at, token);
                    break;
                case 1 or 2:
                    var number = BitConverter.GetBytes(_random.Next(3) == 0 ? _random.Next(bytes.Count + 1) : s_numbers[_random.Next(s_numbers.Length)]);
                    var size = 1 << _random.Next(3);
                    Overwrite(bytes, at, _random.Next(2) == 0 ? number[..size] : [.. number[..size].Reverse()]);
                    break;
                case 3:
                    bytes[at] += (byte)_random.Next(-16, 17);
                    break;
                default:
                    Mutator.Change(bytes, _queue, 0, _random);
                    break;
            }
        }

        if (bytes.Count > _parser.MostBytes) bytes.RemoveRange(_parser.MostBytes, bytes.Count - _parser.MostBytes);
        byte[] mutated = [.. bytes];
        if (_random.Next(4) != 0) Mutator.MendSums(mutated);
        return mutated;
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] by)
    {
        for (var i = 0; i < by.Length && at + i < bytes.Count; i++) bytes[at + i] = by[i];
    }

    private void Found(byte[] input, string kind, string what)
    {
        if (_findings.Count >= MostFindings || !_findings.Add(kind)) return;
        Console.Error.WriteLine($"error: {_parser.Name}, kept as {Keep(input)}: {what}");
    }

    private string Keep(byte[] input)
    {
        var path = Path.Combine(_folder, Name(input) + ".found");
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>Keeps the smallest inputs that together pass every edge as often as all of them did.</summary>
    private void Distill()
    {
        foreach (var old in Directory.GetFiles(_folder, "*.kept")) File.Delete(old);
        var all = _queue.OrderBy(input => input.Length).ToList();
        _queue.Clear();
        _coverage.Forget();
        foreach (var input in all) Try(input);
        foreach (var input in _queue) File.WriteAllBytes(Path.Combine(_folder, Name(input) + ".kept"), input);
        Console.WriteLine($"{_queue.Count} inputs of {_queue.Sum(input => input.Length)} bytes are kept in {_folder}");
    }

    private static string Name(byte[] input) => Convert.ToHexStringLower(XxHash64.Hash(input));
}
