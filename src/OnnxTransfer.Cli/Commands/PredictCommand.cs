using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer predict FILE.onnx IMAGE...</c></summary>
internal static class PredictCommand
{
    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var images = CommonOptions.Images();
        var top = CommonOptions.Top();
        var augment = AugmentOption.OfPrediction();
        var json = CommonOptions.Json();
        var command = new Command("predict", "Classify images with a saved classifier.") { file, images, top, augment, json };
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var classifier = ImageClassifier.Load(
                parsed.GetRequiredValue(file), machine.Read(parsed) with { Augment = parsed.GetValue(augment) });
            return await PredictionOutput.RunAsync(
                classifier, parsed.GetRequiredValue(images), parsed.GetValue(top), parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }
}
