using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>Gathers the rows of one part in memory and writes them. The files depend on the images, the rows and the provider alone.</summary>
internal sealed class FeaturePartWriter
{
    private readonly SetNetwork _network;
    private readonly string _name;
    private readonly int _part;
    private readonly ReadOnlyMemory<SetImage> _images;
    private readonly string _provider;
    private readonly float[] _values;
    private readonly List<string> _ids = [];
    private readonly List<string?> _labels = [];
    private readonly List<SkippedInPart> _skipped = [];

    /// <param name="plan">The plan.</param>
    /// <param name="part">The number of the part.</param>
    /// <param name="images">Its images, in order.</param>
    /// <param name="provider">What computes the rows.</param>
    /// <exception cref="ArgumentException">The plan has other images in this part.</exception>
    internal FeaturePartWriter(SetPlan plan, int part, ReadOnlyMemory<SetImage> images, string provider)
    {
        var hash = new PartHash(plan.Network);
        foreach (var image in images.Span) hash.Add(image.Id, image.Label);
        if (hash.NameOf(part) != plan.Parts[part]) Throw.SetPartHasOtherImages(part);
        (_network, _name, _part, _images, _provider) = (plan.Network, plan.Parts[part], part, images, provider);
        _values = new float[images.Length * plan.Network.Dim];
    }

    /// <summary>Whether all images were added.</summary>
    internal bool IsFull => _ids.Count + _skipped.Count == _images.Length;

    /// <summary>Adds the next image of the part.</summary>
    /// <param name="vector">Its D numbers, which are copied; empty where it could not be used.</param>
    /// <param name="error">Why it could not be used; null where it could.</param>
    /// <param name="timedOut">Whether the guard against hangs stopped its decode.</param>
    internal void Add(ReadOnlySpan<float> vector, string? error = null, bool timedOut = false)
    {
        var index = _ids.Count + _skipped.Count;
        var image = _images.Span[index];
        if (error is not null)
        {
            _skipped.Add(new SkippedInPart(index, image.Id, image.Label, error, timedOut));
            return;
        }

        if (vector.Length != _network.Dim) Throw.RowHasWrongLength(vector.Length, _network.Dim);
        vector.CopyTo(_values.AsSpan(_ids.Count * _network.Dim));
        _ids.Add(image.Id);
        _labels.Add(image.Label);
    }

    /// <summary>Writes the part, whose images were all added.</summary>
    /// <exception cref="IOException">The folder takes no files.</exception>
    internal SoundPart Write(SetFolder folder)
    {
        var values = _values.AsSpan(0, _ids.Count * _network.Dim);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(NpyHeader.OfMatrix(_ids.Count, _network.Dim));
        hash.AppendData(MemoryMarshal.AsBytes(values));
        var names = new PartNames(
            _network.Id, _ids.Count, _network.Dim, _part, _images.Length, _network.Sha256, _provider, Convert.ToHexStringLower(hash.GetHashAndReset()), _skipped, _ids, _labels);
        return folder.Write(_name, values, names);
    }
}
