using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>
/// Neighboring images of a list that go through the network together, each in V views. The vector of an image is the mean over its views. Each
/// slot, an image, is filled by one thread.
/// </summary>
/// <param name="number">The batch's place among the batches of the run.</param>
/// <param name="start">The position in the list of its first image.</param>
/// <param name="inputs">Its images.</param>
/// <param name="views">V.</param>
internal sealed class PipelineBatch(int number, int start, ImageInput[] inputs, int views)
{
    private readonly EmbeddedImage?[] _images = new EmbeddedImage?[inputs.Length];
    // A place for each view of each image: the rows of an image lie side by side.
    private readonly float[]?[] _rows = new float[]?[inputs.Length * views];
    private readonly byte[]?[] _keys = new byte[]?[inputs.Length * views];
    private readonly byte[]?[] _contentKeys = new byte[]?[inputs.Length];
    private readonly bool[] _isPrepared = new bool[inputs.Length * views];
    private readonly IReadOnlyList<string>?[] _warnings = new IReadOnlyList<string>?[inputs.Length];
    private readonly Lock _gate = new();
    private TensorBatch? _tensors;
    private int _unprepared = inputs.Length;

    internal int Number => number;

    internal int Count => inputs.Length;

    /// <summary>The outcomes, in the order of the list, once the batch has been through the network.</summary>
    internal IEnumerable<EmbeddedImage> Images => _images!;

    internal ImageInput Input(int slot) => inputs[slot];

    /// <summary>The place of a view in the input tensor, which is rented when the first image of the batch needs it.</summary>
    internal Memory<float> Slot(int slot, int view, ImagePreprocessor preprocessor)
    {
        lock (_gate) return (_tensors ??= preprocessor.Rent(inputs.Length * views)).ImageMemory(Place(slot, view));
    }

    /// <summary>Remembers what a cache finds an image by.</summary>
    internal void Identify(int slot, byte[] contentKey) => _contentKeys[slot] = contentKey;

    /// <summary>What a cache finds an image by; null without a cache.</summary>
    internal byte[]? ContentKey(int slot) => _contentKeys[slot];

    /// <summary>Takes a row that was computed before.</summary>
    internal void Take(int slot, int view, float[] row) => _rows[Place(slot, view)] = row;

    /// <summary>Remembers under which key the row that is to be computed can be kept.</summary>
    internal void KeepUnder(int slot, int view, byte[] key) => _keys[Place(slot, view)] = key;

    /// <summary>Notes that a view lies in its place. The row of a doubtful image is not kept, so that the next run warns again.</summary>
    /// <param name="slot">The image.</param>
    /// <param name="view">The view.</param>
    /// <param name="warnings">What makes the image doubtful, the same for each view; empty for nothing.</param>
    internal void Prepared(int slot, int view, IReadOnlyList<string> warnings)
    {
        _isPrepared[Place(slot, view)] = true;
        if (warnings.Count == 0) return;
        _warnings[slot] = warnings;
        _keys[Place(slot, view)] = null;
    }

    /// <summary>Leaves an image out.</summary>
    internal void Skip(int slot, ImageDecodeException why) => _images[slot] = new EmbeddedImage(start + slot, inputs[slot].Id, null, why.Reason) { TimedOut = why.TimedOut };

    /// <summary>The rows that were computed and can be kept, each with its key. One that cannot be used is not: the next run says so again.</summary>
    internal IEnumerable<(byte[] Key, float[] Row)> NewRows()
    {
        for (var place = 0; place < _rows.Length; place++)
        {
            if (_keys[place] is { } key && _rows[place] is { } row && FiniteVector.ProblemOf(row) is null) yield return (key, row);
        }
    }

    /// <summary>Notes that a slot is finished, prepared or not; returns whether it was the last.</summary>
    internal bool Arrive() => Interlocked.Decrement(ref _unprepared) == 0;

    /// <summary>Whether an image of the batch asked for a place; if none did, all images are known or unusable.</summary>
    internal bool NeedsNetwork => _tensors is not null;

    /// <summary>Runs what is prepared through the network.</summary>
    /// <param name="session">The network.</param>
    /// <param name="size">The size to fill a short batch up to; null for none.</param>
    /// <param name="cancellationToken">Ends a run that does not end soon by itself.</param>
    internal void Run(OnnxSession session, int? size, CancellationToken cancellationToken)
    {
        using var tensors = _tensors!;
        _tensors = null;
        int[] places = [.. Enumerable.Range(0, _rows.Length).Where(place => _isPrepared[place] && _images[place / views] is null)];
        // The gaps that known and unusable images left are closed, in order.
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] != i) tensors.Image(places[i]).CopyTo(tensors.Image(i));
        }

        var rows = session.Run(tensors.Memory, places.Length, size, cancellationToken);
        for (var i = 0; i < places.Length; i++) _rows[places[i]] = rows[i];
    }

    /// <summary>Makes the outcomes of the images that were not skipped.</summary>
    internal void Complete()
    {
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            if (_images[slot] is not null) continue;
            var row = ViewMean.Of(_rows.AsSpan(slot * views, views));
            _images[slot] = FiniteVector.ProblemOf(row) is { } problem
                ? new EmbeddedImage(start + slot, inputs[slot].Id, null, problem) { IsNotFinite = true }
                : new EmbeddedImage(start + slot, inputs[slot].Id, row, null)
                {
                    FromCache = !_isPrepared.AsSpan(slot * views, views).Contains(true),
                    Warnings = _warnings[slot] ?? [],
                    ContentKey = _contentKeys[slot],
                };
        }
    }

    private int Place(int slot, int view) => (slot * views) + view;
}
