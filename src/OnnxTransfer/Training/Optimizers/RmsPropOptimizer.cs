namespace OnnxTransfer.Training.Optimizers;

/// <summary>The constants of <see cref="RmsPropRule{T}"/>.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="Epsilon">ε.</param>
/// <param name="PyTorchFormula">Whether to use PyTorch's formula.</param>
internal sealed record RmsPropOptimizer(double Rho, double Epsilon, bool PyTorchFormula) : StepOptimizer(PyTorchFormula)
{
    internal override string Description => FormattableString.Invariant($"RmsProp of {Framework}; rho {Rho}; epsilon {Epsilon}");

    internal override UpdateRule<T> Rule<T>(int parameterCount) => new RmsPropRule<T>(this, parameterCount);
}
