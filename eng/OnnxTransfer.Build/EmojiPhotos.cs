using System.Text.Json;

namespace OnnxTransfer.Build;

/// <summary>
/// The images of the demo and of the sample: six categories of Google's Noto emoji, 64x64 PNGs with transparency, from the npm package
/// emoji-datasource-google (MIT; the images are Apache-2.0), one folder per category.
/// </summary>
public static class EmojiPhotos
{
    private static readonly NpmPackage s_package = new(
        "emoji-datasource-google", "16.0.0", "sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==");

    private static readonly string[] Categories =
        ["Animals & Nature", "Flags", "Food & Drink", "People & Body", "Smileys & Emotion", "Travel & Places"];

    /// <summary>Fetches the images unless an earlier run did, and returns their folder.</summary>
    public static string Ensure(string root)
    {
        var folder = Path.Combine(root, "artifacts", "demo", "emoji");
        if (Directory.Exists(folder)) return folder;

        var archive = new Npm(Path.Combine(root, "artifacts", "npm")).Fetch(s_package);
        // Filled under another name first: a folder that exists is whole.
        var partial = folder + ".partial";
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        Npm.Extract(archive, partial, name => name == "emoji.json" ? name : null);
        var emoji = ReadEmoji(Path.Combine(partial, "emoji.json"));
        File.Delete(Path.Combine(partial, "emoji.json"));
        Npm.Extract(archive, partial, name =>
            name.StartsWith("img/google/64/", StringComparison.Ordinal) && emoji.TryGetValue(Path.GetFileName(name), out var known)
                ? Path.Combine(known.Category, known.Name + ".png")
                : null);
        Directory.Move(partial, folder);
        return folder;
    }

    /// <summary>From the file name of an image to its category and its name, both of the package's own list.</summary>
    private static Dictionary<string, (string Category, string Name)> ReadEmoji(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.EnumerateArray()
            .Where(emoji => emoji.GetProperty("has_img_google").GetBoolean())
            .Select(emoji => (Image: Text(emoji, "image"), Category: Text(emoji, "category"), Name: Text(emoji, "short_name")))
            .Where(emoji => Categories.Contains(emoji.Category))
            .ToDictionary(emoji => emoji.Image, emoji => (emoji.Category, emoji.Name));

        static string Text(JsonElement emoji, string property) => emoji.GetProperty(property).GetString()!;
    }
}
