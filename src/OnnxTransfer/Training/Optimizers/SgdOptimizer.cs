namespace OnnxTransfer.Training.Optimizers;

/// <summary>The constants of <see cref="SgdRule{T}"/>.</summary>
/// <param name="Momentum">μ.</param>
/// <param name="Nesterov">Whether it looks ahead.</param>
/// <param name="PyTorchFormula">Whether to use PyTorch's formula.</param>
internal sealed record SgdOptimizer(double Momentum, bool Nesterov, bool PyTorchFormula) : StepOptimizer(PyTorchFormula)
{
    internal override string Description => FormattableString.Invariant($"Sgd of {Framework}; momentum {Momentum}; nesterov {Nesterov}");

    internal override UpdateRule<T> Rule<T>(int parameterCount) => new SgdRule<T>(this, parameterCount);
}
