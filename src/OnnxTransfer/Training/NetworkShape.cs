namespace OnnxTransfer.Training;

/// <summary>The sizes of dense layers one after the other.</summary>
internal sealed record NetworkShape(int Dim, IReadOnlyList<int> Hidden, int Outputs)
{
    internal IEnumerable<(int Inputs, int Outputs)> Layers
    {
        get
        {
            var inputs = Dim;
            foreach (var units in Hidden)
            {
                yield return (inputs, units);
                inputs = units;
            }

            yield return (inputs, Outputs);
        }
    }
}
