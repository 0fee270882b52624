namespace OnnxTransfer.Build;

/// <summary>
/// Uses what <c>pack</c> made as somebody else would: installs the tool and restores, builds and runs an application and a web
/// service, from a feed of packages and with nothing of the sources.
/// </summary>
/// <param name="root">The checkout.</param>
public sealed class PackageSample(string root)
{
    private const string Model = "resnet18";
    private const int ImagesPerClass = 20;
    private static readonly string[] s_classes = ["Flags", "Food & Drink", "Smileys & Emotion"];

    private readonly string _sample = Path.Combine(root, "samples", "OnnxTransfer.QuickStart");
    private readonly string _server = Path.Combine(root, "samples", "OnnxTransfer.Server");
    private readonly string _work = Path.Combine(root, "artifacts", "sample");

    /// <summary>Runs the tool, the application and the service on real images.</summary>
    /// <returns>The exit code of the first that failed, else 0.</returns>
    public async Task<int> RunAsync()
    {
        Forget();
        var tool = Path.Combine(_work, "tool");
        var photos = Photos();
        (string Program, string[] Arguments)[] steps =
        [
            ("dotnet", ["tool", "install", "OnnxTransfer.Cli", "--tool-path", tool, "--configfile", Path.Combine(_sample, "nuget.config")]),
            (Path.Combine(tool, "onnxtransfer"), ["models", "pull", Model]),
            ("dotnet", ["build", _sample, "-c", "Release", "--nologo", "-v", "quiet", "-o", Path.Combine(_work, "app")]),
            (Path.Combine(_work, "app", "OnnxTransfer.QuickStart"), [photos, First(photos), Model]),
            ("dotnet", ["build", _server, "-c", "Release", "--nologo", "-v", "quiet", "-o", Path.Combine(_work, "server")]),
        ];
        var failed = steps.Select(step => Shell.Run(step.Program, step.Arguments, _work)).FirstOrDefault(code => code != 0);
        if (failed != 0) return failed;
        // The classifier is the one that the application has just trained.
        await new PackageServer(Path.Combine(_work, "server"), Path.Combine(_work, "classifier.onnx")).CheckAsync(s_classes.ToDictionary(label => label, label => First(Path.Combine(photos, label))));
        return 0;
    }

    private static string First(string folder) => Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();

    /// <summary>Removes what an earlier run unpacked; the packages of others stay.</summary>
    private void Forget()
    {
        Directory.CreateDirectory(_work);
        foreach (var folder in new[] { "tool", "photos", "app", "server" }.Select(name => Path.Combine(_work, name)).Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
        var packages = Path.Combine(_work, "packages");
        if (!Directory.Exists(packages)) return;
        foreach (var folder in Directory.EnumerateDirectories(packages, "onnxtransfer*")) Directory.Delete(folder, recursive: true);
    }

    /// <summary>A few images of three classes, enough to see that everything works.</summary>
    private string Photos()
    {
        var emoji = EmojiPhotos.Ensure(root);
        var photos = Path.Combine(_work, "photos");
        foreach (var label in s_classes)
        {
            Directory.CreateDirectory(Path.Combine(photos, label));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(emoji, label)).Order(StringComparer.Ordinal).Take(ImagesPerClass))
            {
                File.Copy(file, Path.Combine(photos, label, Path.GetFileName(file)));
            }
        }

        return photos;
    }
}
