using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// One unique ONNX name per TFLite tensor. TFLite joins the names of fused operators with semicolons; the first part is
/// used alone where no other tensor's is the same.
/// </summary>
internal sealed class TfLiteNames
{
    private readonly TfLiteModel _model;
    private readonly string[] _names;
    private readonly FreshNames _taken = new();

    public TfLiteNames(TfLiteModel model)
    {
        _model = model;
        var firstParts = model.Tensors.CountBy(t => FirstPart(t.Name)).ToDictionary(StringComparer.Ordinal);
        _names = new string[model.Tensors.Count];
        foreach (var tensor in model.Tensors)
        {
            var first = FirstPart(tensor.Name);
            var wanted = tensor.Name.Length == 0 ? $"tensor_{tensor.Index}" : firstParts[first] == 1 ? first : tensor.Name;
            _names[tensor.Index] = Fresh(wanted);
        }
    }

    public string this[int tensor] => _names[tensor];

    /// <summary>A name that nothing has yet, as close to the wanted one as can be.</summary>
    public string Fresh(string wanted) => _taken.Take(wanted);

    /// <summary>The tensor that a user means: by its whole name, or by the name it has in the ONNX graph.</summary>
    public int Find(string wanted)
    {
        var computed = _model.Operators.SelectMany(o => o.Outputs).Distinct().ToList();
        foreach (var tensor in computed)
            if (_model.Tensors[tensor].Name == wanted || _names[tensor] == wanted) return tensor;
        Throw.TensorUnknown(_model.Source, wanted, computed.Select(t => _names[t]));
        return -1;
    }

    private static string FirstPart(string name) => name.Split(';', 2)[0];
}
