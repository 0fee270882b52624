namespace OnnxTransfer.Heads.Optimizers;

/// <summary>One optimizer at work on one array of parameters, whose state (moments) it owns.</summary>
internal abstract class UpdateRule
{
    internal static UpdateRule Create(Optimizer optimizer, int parameterCount) => new AdamRule(optimizer, parameterCount);

    /// <summary>Moves all parameters one step against their gradient; both have the length the rule was made for.</summary>
    internal abstract void Step(Span<float> parameters, ReadOnlySpan<float> gradient, double learningRate);
}
