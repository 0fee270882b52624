namespace OnnxTransfer;

internal static partial class Throw
{
    internal static ModelException ExplanationNeedsTraining() =>
        new("This classifier has its backbone's own classes; where it looks can be shown of a classifier trained with `onnxtransfer train`.");

    internal static ModelException ExplanationNeedsLinearHead(int hidden) =>
        new($"A class activation map adds up what each place of the image says for a class, which only a linear head does; this one has {hidden} hidden layer{(hidden == 1 ? "" : "s")}. Train with `--head softmax` (standardized features or not) to see where it looks.");
}
