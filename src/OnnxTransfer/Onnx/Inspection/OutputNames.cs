namespace OnnxTransfer.Onnx.Inspection;

/// <summary>What exporters call the outputs of networks.</summary>
internal static class OutputNames
{
    private static readonly string[] s_scores = ["logit", "prob", "softmax", "score", "class", "pred", "sigmoid", "label", "dense_fwd"];
    private static readonly string[] s_embeddings = ["embed", "feature", "feat", "pooler", "hidden", "pooled", "representation", "encoding", "descriptor"];

    /// <summary>An image in a space that it shares with texts: the embedding of a two-tower model.</summary>
    internal static bool IsProjection(string name) => name is "image_embeds" or "image_embeddings" or "image_features" or "vision_embeds";

    internal static bool IsPooler(string name) => name.Contains("pooler", StringComparison.OrdinalIgnoreCase);

    internal static bool IsEmbedding(string name) => !IsScores(name) && s_embeddings.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    internal static bool IsScores(string name) =>
        !name.Contains("cls_token", StringComparison.OrdinalIgnoreCase) && s_scores.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
