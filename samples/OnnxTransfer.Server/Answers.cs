namespace OnnxTransfer.Server;

/// <summary>The answer of <c>/predict</c>.</summary>
/// <param name="Label">The most probable class.</param>
/// <param name="Probability">Its probability, 0 to 1.</param>
/// <param name="Top">The most probable classes, best first.</param>
public sealed record PredictAnswer(string Label, float Probability, IReadOnlyList<ClassProbability> Top);

/// <summary>The answer of <c>/embed</c>.</summary>
/// <param name="Model">The backbone.</param>
/// <param name="Vector">The feature vector.</param>
public sealed record EmbedAnswer(string Model, IReadOnlyList<float> Vector);
