using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models draw ID|FILE --out grid.png (--filters | --layer NAME (--image IMAGE | --unit K --images DIR))</c></summary>
internal static class ModelsDrawCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var output = new OutputOption("--out") { Description = "The PNG file to write.", Required = true, HelpName = "grid.png" };
        var filters = new Option<bool>("--filters") { Description = "Draw the filters of the first convolution." };
        var layer = new Option<string?>("--layer") { Description = "The layer to look into, by the name of its tensor.", HelpName = "NAME" };
        var image = new Option<string?>("--image") { Description = "Draw what the layer makes of this image.", HelpName = "IMAGE" };
        var unit = new Option<int?>("--unit") { Description = "Draw the patches of --images that excite this channel of the layer most.", HelpName = "K" };
        var images = new Option<string?>("--images") { Description = "The folder of images for --unit.", HelpName = "DIR" };
        var preprocess = CommonOptions.Preprocess();
        var command = new Command("draw", "Draw the inside of a network: filters, feature maps, what excites a unit.") { model, output, filters, layer, image, unit, images, preprocess };
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(output);
            var (name, photo, number, folder) = (parsed.GetValue(layer), parsed.GetValue(image), parsed.GetValue(unit), parsed.GetValue(images));
            Action<FeatureExtractor> draw = (parsed.GetValue(filters), name, photo, number, folder) switch
            {
                (true, null, null, null, null) => network => network.DrawFilters(path),
                (false, not null, not null, null, null) => network => network.DrawFeatureMaps(name, photo, path),
                (false, not null, null, { } k, not null) => network => CommonOptions.WarnSkipped(
                    network.DrawPatches(name, k, ImageListing.FromFolder(folder).Images, path, cancellationToken)),
                _ => throw new UsageException("Give --filters, or --layer with --image, or --layer with --unit and --images."),
            };
            using var extractor = await CommonOptions.OpenAsync(
                parsed.GetRequiredValue(model), CommonOptions.Extractor(machine.Read(parsed), preprocess: parsed.GetValue(preprocess)), cancellationToken).ConfigureAwait(false);
            draw(extractor);
            Console.Out.WriteLine(path);
            return ExitCode.Done;
        });
        return command;
    }
}
