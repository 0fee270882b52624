using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>Neighboring images of a list that go through the network together. Each slot is filled by one thread.</summary>
/// <param name="number">The batch's place among the batches of the run.</param>
/// <param name="start">The position in the list of its first image.</param>
/// <param name="inputs">Its images.</param>
internal sealed class PipelineBatch(int number, int start, ImageInput[] inputs)
{
    private readonly EmbeddedImage?[] _images = new EmbeddedImage?[inputs.Length];
    private readonly byte[]?[] _hashes = new byte[]?[inputs.Length];
    private readonly IReadOnlyList<string>?[] _warnings = new IReadOnlyList<string>?[inputs.Length];
    private readonly Lock _gate = new();
    private TensorBatch? _tensors;
    private int _unprepared = inputs.Length;

    internal int Number => number;

    internal int Count => inputs.Length;

    /// <summary>The outcomes, in the order of the list, once the batch has been through the network.</summary>
    internal IEnumerable<EmbeddedImage> Images => _images!;

    internal ImageInput Input(int slot) => inputs[slot];

    /// <summary>The place of an image in the input tensor, which is rented when the first image of the batch needs it.</summary>
    internal Memory<float> Slot(int slot, ImagePreprocessor preprocessor)
    {
        lock (_gate) return (_tensors ??= preprocessor.Rent(inputs.Length)).ImageMemory(slot);
    }

    /// <summary>Takes a row that was computed before.</summary>
    internal void Take(int slot, float[] row) => _images[slot] = new EmbeddedImage(start + slot, inputs[slot].Id, row, null) { FromCache = true };

    /// <summary>Remembers under which key the row that is to be computed can be kept.</summary>
    internal void Identify(int slot, byte[] hash) => _hashes[slot] = hash;

    /// <summary>Notes what makes an image doubtful. Its row is not kept, so that the next run warns again.</summary>
    internal void Warn(int slot, IReadOnlyList<string> warnings)
    {
        if (warnings.Count == 0) return;
        _warnings[slot] = warnings;
        _hashes[slot] = null;
    }

    /// <summary>Leaves an image out.</summary>
    internal void Skip(int slot, ImageDecodeException why) => _images[slot] = new EmbeddedImage(start + slot, inputs[slot].Id, null, why.Reason) { TimedOut = why.TimedOut };

    /// <summary>The rows that were computed and can be kept, each with its key.</summary>
    internal IEnumerable<(byte[] Hash, float[] Row)> NewRows()
    {
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            if (_hashes[slot] is { } hash && _images[slot] is { Vector: { } row }) yield return (hash, row);
        }
    }

    /// <summary>Notes that a slot is finished, prepared or not; returns whether it was the last.</summary>
    internal bool Arrive() => Interlocked.Decrement(ref _unprepared) == 0;

    /// <summary>Whether an image of the batch asked for a place; if none did, all images are known or unusable.</summary>
    internal bool NeedsNetwork => _tensors is not null;

    /// <summary>Runs the images that are prepared through the network.</summary>
    /// <param name="session">The network.</param>
    /// <param name="size">The size to fill a short batch up to; null for none.</param>
    internal void Run(OnnxSession session, int? size)
    {
        using var tensors = _tensors!;
        _tensors = null;
        int[] slots = [.. Enumerable.Range(0, inputs.Length).Where(slot => _images[slot] is null)];
        // The gaps that unusable images left are closed, in order.
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i] != i) tensors.Image(slots[i]).CopyTo(tensors.Image(i));
        }

        var rows = session.Run(tensors.Memory, slots.Length, size);
        for (var i = 0; i < slots.Length; i++)
            _images[slots[i]] = new EmbeddedImage(start + slots[i], inputs[slots[i]].Id, rows[i], null) { Warnings = _warnings[slots[i]] ?? [] };
    }
}
