using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// Which edges, pairs of branches that follow one another, the instrumented code has passed, and how often: once, twice, three times, 4 to 7,
/// 8 to 15, 16 to 31, 32 to 127 or more often, as AFL counts them.
/// </summary>
internal sealed unsafe class Coverage : IDisposable
{
    private const int Edges = 1 << 16;
    private readonly byte* _counts = (byte*)NativeMemory.AlignedAlloc(Edges, 64);
    private readonly byte[] _seen = new byte[Edges];

    internal Coverage() => Trace.SharedMem = _counts;

    /// <summary>How many edges were passed so far.</summary>
    internal int Seen { get; private set; }

    /// <summary>Counts from zero.</summary>
    internal void Begin()
    {
        new Span<byte>(_counts, Edges).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether an edge was passed for the first time since <see cref="Begin"/>, or as often as never before.</summary>
    internal bool HasNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(_counts, Edges / sizeof(ulong));
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0) continue;
            for (var edge = word * sizeof(ulong); edge < (word + 1) * sizeof(ulong); edge++)
            {
                var often = Often(_counts[edge]);
                if ((_seen[edge] & often) == often) continue;
                if (_seen[edge] == 0) Seen++;
                _seen[edge] |= often;
                isNew = true;
            }
        }

        return isNew;
    }

    /// <summary>Forgets what was seen.</summary>
    internal void Forget()
    {
        Array.Clear(_seen);
        Seen = 0;
    }

    public void Dispose()
    {
        Trace.SharedMem = null;
        NativeMemory.AlignedFree(_counts);
    }

    /// <summary>One bit for each way to be often.</summary>
    private static byte Often(byte count) => count switch
    {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
