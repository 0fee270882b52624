namespace OnnxTransfer.Cli.Commands;

/// <summary>The option <c>--out</c> of vectors: a file whose extension names the format, or for some commands the folder of a feature set.</summary>
internal static class FeatureOutput
{
    /// <param name="description">What stands behind the formats; empty for nothing.</param>
    /// <param name="mayBeSet">Whether a folder may be named.</param>
    internal static OutputOption Create(string description, bool mayBeSet)
    {
        var formats = string.Join('|', FeatureWriter.Extensions);
        var option = new OutputOption("--out", isFolder: mayBeSet ? IsSet : null)
        {
            Description = $"The file to write; its extension names the format ({formats}). {description}".TrimEnd(),
            Required = true,
            HelpName = $"FILE{formats}{(mayBeSet ? "|DIR" : "")}",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token] || (mayBeSet && IsSet(token.Value)) || IsFormat(token.Value)) return;
            result.AddError($"--out {token.Value}: the extension names the format, and must be one of {string.Join(", ", FeatureWriter.Extensions)}{(mayBeSet ? "; a folder ends with /" : "")}.");
        });
        return option;
    }

    /// <summary>Whether a name is that of a feature set's folder: one with an extension is a file unless it ends with / or is a folder.</summary>
    internal static bool IsSet(string path) =>
        Path.EndsInDirectorySeparator(path) || Path.GetExtension(path).Length == 0 || (!IsFormat(path) && Directory.Exists(path));

    private static bool IsFormat(string path) => FeatureWriter.Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());
}
