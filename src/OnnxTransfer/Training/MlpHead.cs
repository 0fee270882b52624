using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>
/// Dense layers with a ReLU after each hidden one, <c>h = max(0, x·W + b)</c>, and at the end a softmax or, for multiple
/// labels, a sigmoid an output. A linear head for multiple labels is one without hidden layers.
/// </summary>
internal sealed class MlpHead : ClassifierHead
{
    private readonly DenseLayer[] _layers;

    // [outputs, inputs] row-major a layer, so that an output is one dot product over contiguous memory.
    private readonly float[][] _outputMajor;
    private readonly int _widest;

    internal MlpHead(IReadOnlyList<DenseLayer> layers)
        : base(layers[0].Inputs, layers[^1].Outputs)
    {
        _layers = [.. layers];
        _outputMajor = [.. layers.Select(layer => DenseLayer.Transpose(layer.Weights, layer.Inputs, layer.Outputs))];
        _widest = layers.Max(layer => layer.Outputs);
        HiddenUnits = [.. layers.SkipLast(1).Select(layer => layer.Outputs)];
        for (var l = 1; l < _layers.Length; l++)
        {
            if (_layers[l].Inputs != _layers[l - 1].Outputs) throw Throw.LayersDoNotFit(l, _layers[l - 1].Outputs, _layers[l].Inputs);
        }
    }

    /// <summary>The sizes of the hidden layers.</summary>
    public IReadOnlyList<int> HiddenUnits { get; }

    internal override IReadOnlyList<DenseLayer> Layers => _layers;

    private protected override void Compute(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        Span<float> from = new float[_widest], to = new float[_widest];
        var input = features;
        for (var l = 0; l < _layers.Length; l++)
        {
            var layer = _layers[l];
            var output = l == _layers.Length - 1 ? probabilities : to[..layer.Outputs];
            for (var c = 0; c < output.Length; c++)
                output[c] = DenseKernels.Dot(input, _outputMajor[l].AsSpan(c * layer.Inputs, layer.Inputs)) + layer.Bias[c];
            layer.Activation.Apply(output);
            input = output;
            var spare = from;
            from = to;
            to = spare;
        }
    }
}
