namespace OnnxTransfer.Training.Optimizers;

/// <summary>The constants of <see cref="AdamRule{T}"/>.</summary>
/// <param name="WeightDecay">AdamW's decay; null for plain Adam.</param>
/// <param name="Beta1">β₁.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="Epsilon">ε.</param>
/// <param name="PyTorchFormula">Whether to use PyTorch's formula.</param>
internal sealed record AdamOptimizer(double? WeightDecay, double Beta1, double Beta2, double Epsilon, bool PyTorchFormula) : StepOptimizer(PyTorchFormula)
{
    internal override string Description => FormattableString.Invariant(
        $"{(WeightDecay is null ? "Adam" : "AdamW")} of {Framework}; beta1 {Beta1}; beta2 {Beta2}; epsilon {Epsilon}; decay {WeightDecay ?? 0}");

    internal override bool DecaysWeights => WeightDecay > 0;

    internal override UpdateRule<T> Rule<T>(int parameterCount) => new AdamRule<T>(this, parameterCount);
}
