namespace OnnxTransfer.Build;

/// <summary>
/// Uses what <c>pack</c> made as somebody else would: installs the tool and restores, builds and runs an application, from
/// a feed of packages and with nothing of the sources.
/// </summary>
/// <param name="root">The checkout.</param>
public sealed class PackageSample(string root)
{
    private const string Model = "resnet18";
    private const int ImagesPerClass = 20;
    private static readonly string[] s_classes = ["Flags", "Food & Drink", "Smileys & Emotion"];

    private readonly string _sample = Path.Combine(root, "samples", "OnnxTransfer.QuickStart");
    private readonly string _work = Path.Combine(root, "artifacts", "sample");

    /// <summary>Runs the tool and the application on real images.</summary>
    /// <returns>The exit code of the first that failed, else 0.</returns>
    public int Run()
    {
        Forget();
        var tool = Path.Combine(_work, "tool");
        var photos = Photos();
        (string Program, string[] Arguments)[] steps =
        [
            ("dotnet", ["tool", "install", "OnnxTransfer.Cli", "--tool-path", tool, "--configfile", Path.Combine(_sample, "nuget.config")]),
            (Path.Combine(tool, "onnxtransfer"), ["models", "pull", Model]),
            ("dotnet", ["build", _sample, "-c", "Release", "--nologo", "-v", "quiet", "-o", Path.Combine(_work, "app")]),
            (Path.Combine(_work, "app", "OnnxTransfer.QuickStart"), [photos, Directory.EnumerateFiles(photos, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First(), Model]),
        ];
        return steps.Select(step => Shell.Run(step.Program, step.Arguments, _work)).FirstOrDefault(code => code != 0);
    }

    /// <summary>Removes what an earlier run unpacked; the packages of others stay.</summary>
    private void Forget()
    {
        Directory.CreateDirectory(_work);
        foreach (var folder in new[] { "tool", "photos", "app" }.Select(name => Path.Combine(_work, name)).Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
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
