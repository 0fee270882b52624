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
        var preprocess = CommonOptions.Preprocess();
        var top = CommonOptions.Top();
        var json = CommonOptions.Json();
        var command = new Command("classify", "Classify images with a backbone's own classes.") { images, backbone, preprocess, top, json };
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(backbone);
            var options = CommonOptions.Extractor(machine.Read(parsed), preprocess: parsed.GetValue(preprocess));
            using var classifier = await Progress.RunAsync(
                $"Opening {name}", report => ImageClassifier.FromBackboneAsync(name, options, report, cancellationToken)).ConfigureAwait(false);
            return await PredictionOutput.RunAsync(
                classifier, parsed.GetRequiredValue(images), parsed.GetValue(top), parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }
}
