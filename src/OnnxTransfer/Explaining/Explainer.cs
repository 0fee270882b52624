using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Training;

namespace OnnxTransfer.Explaining;

/// <summary>
/// A backbone opened at the map that its features are the average of, and the linear head that weighs it. Thread-safe.
/// </summary>
internal sealed class Explainer : IDisposable, IAsyncDisposable
{
    private readonly ImageNetwork _maps;
    private readonly ClassifierHead _head;
    private readonly DenseLayer _layer;
    private readonly OnnxSpatialMap _map;

    /// <param name="network">The backbone.</param>
    /// <param name="scorer">The head.</param>
    /// <param name="owner">The public type that users dispose, for messages.</param>
    /// <exception cref="ModelException">The head has hidden layers, the classes are the backbone's own, or the features are not the average of a map.</exception>
    internal Explainer(ImageNetwork network, IClassScorer scorer, Type owner)
    {
        _head = scorer as ClassifierHead ?? throw Throw.ExplanationNeedsTraining();
        if (_head.Layers is not [var layer]) throw Throw.ExplanationNeedsLinearHead(_head.Layers.Count - 1);
        _layer = layer;
        var (backbone, card) = (network.Backbone, network.Card);
        try
        {
            _map = OnnxSpatialMap.BehindAverage(backbone.Model, card.Features.Tensor, Backbone.ImageOf(backbone.Model, card.Input));
        }
        catch (InvalidDataException exception)
        {
            throw Throw.ModelUnusable(exception);
        }

        _maps = network.OpenAt(_map.Tensor, _map.Length, owner);
    }

    /// <summary>Explains a class of an image, or the most probable one.</summary>
    internal Explanation Explain(ImageInput image, int? index, IReadOnlyList<string> labels)
    {
        var features = _maps.Embed(image);
        var prediction = new Prediction(_head.Probabilities(ActivationMap.Average(features, _map)), labels);
        var c = index ?? prediction.Index;
        var seen = new ClassProbability(labels[c], c, prediction.Probabilities[c]);
        return new Explanation(image, seen, ActivationMap.Of(features, _map, _layer, c), _map.Height, _map.Width, _maps);
    }

    public void Dispose() => _maps.Dispose();

    public ValueTask DisposeAsync() => _maps.DisposeAsync();
}
