using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer classify INPUT...</c>: the backbone's own classes, without any training.</summary>
internal static class ClassifyCommand
{
    internal static Command Create()
    {
        var backbone = CommonOptions.Backbone();
        var preprocess = CommonOptions.Preprocess();
        var command = new Command("classify", "Classify images with a backbone's own classes.") { backbone, preprocess };
        var predictions = new PredictionOptions(command, isTrained: false);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(backbone);
            return predictions.RunAsync(
                parsed, machine.Read(parsed) with { Preset = parsed.GetValue(preprocess) },
                options => Progress.RunAsync($"Opening {name}", report => ImageClassifier.FromBackboneAsync(name, options, report, cancellationToken)), cancellationToken);
        });
        return command;
    }
}
