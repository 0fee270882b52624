
namespace OnnxTransfer.Backbones.Hub;

/// <summary>Where the Hugging Face hub is and where its files are kept, by the environment variables of its own tools.</summary>
internal sealed record HubSettings
{
    private readonly Func<string> _folder = () => "";

    /// <summary><c>HF_ENDPOINT</c>, with a slash at the end.</summary>
    internal required Uri Endpoint { get; init; }

    /// <summary><c>HF_TOKEN</c>; null for none. It never appears in a message.</summary>
    internal string? Token { get; init; }

    /// <summary><c>HF_HUB_OFFLINE</c>.</summary>
    internal bool IsOffline { get; init; }

    /// <summary>The cache, in the layout that all tools of the hub share.</summary>
    /// <exception cref="DirectoryNotFoundException">No variable is set and the account has no home folder.</exception>
    internal string Folder { get => _folder(); init => _folder = () => value; }

    internal static HubSettings FromEnvironment(Func<string, string?> environment)
    {
        string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;
        var endpoint = Variable("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http"))
            throw Throw.HubEndpointUnreadable(endpoint);
        return new HubSettings(() => FindFolder(Variable))
        {
            Endpoint = address,
            Token = Variable("HF_TOKEN")?.Trim(),
            IsOffline = ModelStore.IsSwitchedOn(Variable("HF_HUB_OFFLINE")) || string.Equals(Variable("HF_HUB_OFFLINE"), "on", StringComparison.OrdinalIgnoreCase),
        };
    }

    internal HubSettings()
    {
    }

    private HubSettings(Func<string> folder) => _folder = folder;

    private static string FindFolder(Func<string, string?> variable)
    {
        if ((variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE")) is { } cache) return Path.GetFullPath(cache);
        if (variable("HF_HOME") is { } home) return Path.GetFullPath(Path.Combine(home, "hub"));
        // The hub's tools use ~/.cache on every system.
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var parent = variable("XDG_CACHE_HOME") ?? (user.Length > 0 ? Path.Combine(user, ".cache") : throw Throw.HubFolderUnknown());
        return Path.GetFullPath(Path.Combine(parent, "huggingface", "hub"));
    }
}
