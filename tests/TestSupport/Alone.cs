namespace OnnxTransfer.TestSupport;

/// <summary>
/// The collection of tests that measure memory. They run one after the other when all other tests have ended: a garbage collection that another
/// test brings about empties the pools that they measure.
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
