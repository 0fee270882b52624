using System.Globalization;

namespace OnnxTransfer.Internals;

/// <summary>The messages of the embedding generator and of what is registered with a container.</summary>
internal static partial class Throw
{
    internal static ArgumentException NoContent(string name, int index) =>
        new($"{name}[{index}] is null: give every position an image, or leave it out.", name);

    internal static NotSupportedException OtherDimensions(int asked, int dim, string model) =>
        new($"EmbeddingGenerationOptions.Dimensions asks for {asked} numbers, and '{model}' gives {dim}: ask for {dim} or leave Dimensions null.");

    internal static NotSupportedException OtherModel(string asked, string model) =>
        new($"EmbeddingGenerationOptions.ModelId asks for '{asked}', and this generator runs '{model}': use a generator of that model or leave ModelId null.");

    internal static NotSupportedException NoRawRepresentation() =>
        new("EmbeddingGenerationOptions.RawRepresentationFactory has no meaning here: set FeatureExtractorOptions when the extractor is loaded.");

    internal static ArgumentException PredictionOfOtherClasses(string name, int probabilities, int labels) =>
        new($"There are {probabilities} probabilities and {labels} labels: give one probability for each label, and one label at least.", name);

    internal static ArgumentException NoProbability(string name, string label, float value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The probability of '{label}' is {value}: give a number from 0 to 1."), name);
}
