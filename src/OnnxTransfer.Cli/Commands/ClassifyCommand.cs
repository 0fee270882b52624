using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer classify IMAGE...</c>: the backbone's own classes, without any training.</summary>
internal static class ClassifyCommand
{
    internal static Command Create()
    {
        var images = CommonOptions.Images();
        var backbone = CommonOptions.Backbone();
        var top = CommonOptions.Top();
        var json = CommonOptions.Json();
        var command = new Command("classify", "Classify images with a backbone's own classes.") { images, backbone, top, json };
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(backbone);
            var options = machine.Read(parsed);
            using var classifier = await Progress.RunAsync(
                $"Opening {name}", report => ImageClassifier.FromBackboneAsync(name, options, report, cancellationToken)).ConfigureAwait(false);
            return await PredictionOutput.RunAsync(
                classifier, parsed.GetRequiredValue(images), parsed.GetValue(top), parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }
}
