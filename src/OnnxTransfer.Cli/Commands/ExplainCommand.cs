using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer explain FILE.onnx IMAGE --out overlay.png</c></summary>
internal static class ExplainCommand
{
    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var image = new Argument<string>("IMAGE") { Description = "An image file." };
        var output = new OutputOption("--out") { Description = "The picture to write: PNG, or JPEG if the name ends in .jpg.", Required = true, HelpName = "overlay.png" };
        var label = new Option<string?>("--class") { Description = "The class to look for. Default: the predicted class.", HelpName = "LABEL" };
        var command = new Command("explain", "Show where in an image a saved classifier sees a class.") { file, image, output, label };
        var machine = new MachineOptions(command);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(output);
            using var classifier = ImageClassifier.Load(parsed.GetRequiredValue(file), machine.Read(parsed));
            var explanation = classifier.Explain(parsed.GetRequiredValue(image), parsed.GetValue(label));
            explanation.Save(path);
            Console.Out.WriteLine($"{explanation.Label} {Table.Percent(explanation.Probability)}, {explanation.Height}x{explanation.Width} places, saved {path}");
            return ExitCode.Done;
        });
        return command;
    }
}
