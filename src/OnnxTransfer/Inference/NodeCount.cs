namespace OnnxTransfer;

/// <summary>How many nodes of one operator run on one provider.</summary>
/// <param name="Provider">The provider, as ONNX Runtime names it: <c>CPU</c>, <c>CUDA</c>.</param>
/// <param name="Operator">The ONNX operator: <c>Conv</c>.</param>
/// <param name="Count">The number of its nodes there, after ONNX Runtime has optimized the graph.</param>
public sealed record NodeCount(string Provider, string Operator, int Count);
