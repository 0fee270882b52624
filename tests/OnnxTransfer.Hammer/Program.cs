// Disposes extractors and classifiers while their calls are in flight: `OnnxTransfer.Hammer [--rounds N] [--seed S] [--call NAME]`.
// A call gives its result or an ObjectDisposedException that names the public type; nothing crashes, hangs or keeps memory or threads.
using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Fuzz;
using OnnxTransfer.Hammer;

const int HangSeconds = 60;
const int MostThreadsLeft = 8;
// ONNX Runtime's and the C library's own pools go up and down by 20 MiB. A session that nobody holds is freed by its finalizer and not seen.
const long MostGrowthBytes = 64L << 20;
const int FewestForMemory = 5000;
const int MostExtraRounds = 200;

var rounds = Number("--rounds", 10_000);
var seed = Number("--seed", 1);
var calls = Call.All.Where(call => Text("--call") is not { } name || call.Name == name).ToList();
var random = new Random(seed);
var tallies = calls.ToDictionary(call => call, _ => new Tally());
using var ground = new Ground();
var typical = calls.ToDictionary(call => call, Typical);

var (current, since) = ("", Stopwatch.GetTimestamp());
using var watchdog = new Timer(_ =>
{
    if (Stopwatch.GetElapsedTime(Volatile.Read(ref since)).TotalSeconds > HangSeconds)
        Environment.FailFast($"a round of {current} of seed {seed} has taken more than {HangSeconds} seconds");
}, null, 1000, 1000);

var clock = Stopwatch.StartNew();
var memory = new MemoryWatch(rounds);
var threads = OwnThreads();
for (var i = 0; i < rounds; i++)
{
    if (await DisposeAsync(calls[i % calls.Count]) is { } wrong) return Fail($"round {i} of seed {seed}: {wrong}");
    memory.Done(i + 1);
}

// In a few rounds on a busy machine, every disposal may miss a quick call: it gets more rounds until one meets it.
foreach (var call in calls.Where(call => tallies[call].Rounds > 0))
{
    for (var i = 0; tallies[call].Met == 0 && i < MostExtraRounds; i++)
        if (await DisposeAsync(call) is { } wrong) return Fail($"extra round {i} of seed {seed}: {wrong}");
}

Console.WriteLine("call                                     rounds  call in flight  answered   refused   typical ms");
foreach (var call in calls)
{
    var tally = tallies[call];
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{call.Name,-40} {tally.Rounds,6} {tally.Met,15} {tally.Answered,9} {tally.Refused,9} {typical[call].TotalMilliseconds,12:f2}"));
}

var (met, answered, refused) = (tallies.Values.Sum(tally => tally.Met), tallies.Values.Sum(tally => tally.Answered), tallies.Values.Sum(tally => tally.Refused));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{rounds} disposals of seed {seed} in {clock.Elapsed.TotalSeconds:f0} s, {met} with a call in flight: {answered} calls answered, {refused} refused; " +
    $"{OwnThreads() - threads} more threads than before, {memory.Growth / 1024} KiB more memory than after the warm-up"));
if (calls.Find(call => tallies[call] is { Rounds: > 0, Met: 0 }) is { } missed) return Fail($"no disposal met a call of {missed.Name}");
if (rounds >= FewestForMemory && memory.Growth > MostGrowthBytes) return Fail("the memory that is held grows with the number of disposals");
return OwnThreads() - threads > MostThreadsLeft ? Fail("threads are left over") : 0;

async Task<string?> DisposeAsync(Call call)
{
    current = call.Name;
    Volatile.Write(ref since, Stopwatch.GetTimestamp());
    var subject = call.Open(ground);
    if (await new Round(subject, tallies[call], random).RunAsync(typical[call]) is { } wrong) return $"{call.Name}: {wrong}";
    subject.Rest?.Dispose();
    return null;
}

// The pool's threads come and go as it pleases; those of the pipeline and of ONNX Runtime must go.
static int OwnThreads()
{
    using var process = Process.GetCurrentProcess();
    return process.Threads.Count - ThreadPool.ThreadCount;
}

int Fail(string what)
{
    Console.Error.WriteLine($"error: {what}");
    return 1;
}

TimeSpan Typical(Call call)
{
    var best = TimeSpan.MaxValue;
    for (var i = 0; i < 2; i++)
    {
        var subject = call.Open(ground);
        var start = Stopwatch.GetTimestamp();
        try
        {
            subject.Invoke().GetAwaiter().GetResult();
        }
        catch (ObjectDisposedException)
        {
            // A call that disposes of its own object.
        }

        var took = Stopwatch.GetElapsedTime(start);
        if (took < best) best = took;
        subject.Target.Dispose();
        subject.Rest?.Dispose();
    }

    return best;
}

string? Text(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

int Number(string name, int fallback) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
