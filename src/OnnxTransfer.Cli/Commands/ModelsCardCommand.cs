using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models card FILE [--preprocess NAME] [--labels FILE]</c></summary>
internal static class ModelsCardCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var preprocess = CommonOptions.Preprocess();
        var labels = new Option<string?>("--labels") { Description = "The names of the network's own classes: a text file with one name on each line, in order.", HelpName = "FILE.txt" };
        var json = CommonOptions.Json();
        var command = new Command("card", "Write the .model.json of a model beside its file: its tensors from the graph, its preprocessing from its configuration or --preprocess.") { model, preprocess, labels, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var file = await CommonOptions.ReadAsync(parsed.GetRequiredValue(model), cancellationToken).ConfigureAwait(false);
            var info = file.WriteCard(parsed.GetValue(preprocess), parsed.GetValue(labels));
            CommonOptions.Warn(info);
            var path = Path.ChangeExtension(file.Path, ".model.json");
            if (parsed.GetValue(json)) JsonOutput.Write(new CardJson(path, info.Dim, info.ClassCount, info.Width, info.Height), JsonContracts.Default.CardJson);
            else Console.Out.WriteLine($"{path}: {info.Dim} features, images of {info.Width}x{info.Height}{(info.ClassCount > 0 ? $", {info.ClassCount} classes" : "")}");
            return ExitCode.Done;
        });
        return command;
    }
}
