namespace OnnxTransfer;

internal static partial class Throw
{
    internal static ModelException ExplanationNeedsTraining() =>
        new("This classifier has its backbone's own classes, but only a trained classifier can show where it looks: train one with `onnxtransfer train`.");

    internal static ModelException ExplanationNeedsLinearHead(int hidden) =>
        new($"A class activation map needs a linear head, but this head has {hidden} hidden layer{(hidden == 1 ? "" : "s")}: train with `--head softmax` (standardized features or not) to see where the classifier looks.");
}
