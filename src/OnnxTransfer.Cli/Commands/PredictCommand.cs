using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer predict FILE.onnx INPUT...</c></summary>
internal static class PredictCommand
{
    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var command = new Command("predict", "Classify images with a saved classifier.") { file };
        var augment = AugmentOption.OfPrediction();
        command.Options.Add(augment);
        var predictions = new PredictionOptions(command, isTrained: true);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => predictions.RunAsync(
            parsed, machine.Read(parsed) with { Augment = parsed.GetValue(augment) }, options => ImageClassifier.LoadAsync(parsed.GetRequiredValue(file), options, cancellationToken), cancellationToken));
        return command;
    }
}
