using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer.Backbones;

/// <summary>The backbones that are available by id.</summary>
internal sealed class ModelCatalog
{
    private const int Schema = 1;
    private static readonly Lazy<ModelCatalog> s_default = new(LoadEmbedded);
    private readonly Dictionary<string, CatalogEntry> _byId;

    private ModelCatalog(IReadOnlyList<CatalogEntry> entries, Dictionary<string, CatalogEntry> byId)
    {
        Entries = entries;
        _byId = byId;
    }

    /// <summary>The catalog that comes with the library.</summary>
    public static ModelCatalog Default => s_default.Value;

    /// <summary>All entries, in the catalog's order: the recommended one first.</summary>
    public IReadOnlyList<CatalogEntry> Entries { get; }

    /// <summary>Finds the entry with an id. Upper and lower case are equal.</summary>
    public bool TryFind(string id, [NotNullWhen(true)] out CatalogEntry? entry) => _byId.TryGetValue(id, out entry);

    internal static ModelCatalog Parse(ReadOnlySpan<byte> utf8, string origin)
    {
        var document = JsonFile.Read(utf8, BackboneJson.Context.CatalogDocument, origin, out var problems);
        var fields = new JsonFields(problems, "");
        if (document.Schema != Schema) fields.Report("schema", $"is {document.Schema?.ToString(CultureInfo.InvariantCulture) ?? "not stated"}, but this version reads schema {Schema}");
        var models = fields.Required(document.Models, "models");
        problems.ThrowIfAny();
        var entries = models!.Select((model, i) => Entry(model, fields.Within($"models[{i}]."))).ToList();
        problems.ThrowIfAny();
        var byId = new Dictionary<string, CatalogEntry>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < entries.Count; i++)
        {
            if (!byId.TryAdd(entries[i]!.Id, entries[i]!)) fields.Report($"models[{i}].card.id", $"is not the only one: '{entries[i]!.Id}' occurs twice; give each model its own id");
        }

        problems.ThrowIfAny();
        return new ModelCatalog(entries.AsReadOnly()!, byId);
    }

    /// <summary>An entry; null where a problem was noted.</summary>
    private static CatalogEntry? Entry(EntryDocument entry, JsonFields fields)
    {
        var before = fields.Problems.Count;
        var inCard = fields.Within("card.");
        var card = fields.Required(entry.Card, "card") is { } document ? ModelCardJson.FromDocument(document, inCard, whole: true) : CardFacts.None;
        inCard.Text(card.License, "license");
        var name = fields.Text(entry.Name, "name");
        var bytes = fields.Positive(entry.Bytes, "bytes");
        var mirrors = (entry.Mirrors ?? []).Select((url, i) => fields.Https(url, $"mirrors[{i}]")).ToArray();
        fields.Text(entry.Package, "package", optional: true);
        if (card.Id is { } id && !IsFileName(id))
            inCard.Report("id", $"is '{id}'. It names files in the model store, so it may hold only lower-case letters, digits, '.', '-' and '_', and must begin with a letter or digit");
        if (card.Sha256 is null) inCard.Report("sha256", "is missing or empty");
        if ((entry.Package is null) == (mirrors.Length == 0)) fields.Report("mirrors", "does not say where the file comes from: an entry needs either mirrors or a package");
        if (fields.Problems.Count > before) return null;
        return new CatalogEntry
        {
            Name = name!,
            Card = card.Whole!,
            Bytes = bytes!.Value,
            Mirrors = mirrors!,
            Package = entry.Package,
            Top1 = entry.Accuracy?.Top1,
            Top5 = entry.Accuracy?.Top5,
            AccuracySource = entry.Accuracy?.Source,
            Note = entry.Note,
        };
    }

    private static bool IsFileName(string id) =>
        char.IsAsciiLetterOrDigit(id[0]) && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_');

    private static ModelCatalog LoadEmbedded()
    {
        using var stream = typeof(ModelCatalog).Assembly.GetManifestResourceStream("catalog.json")!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return Parse(memory.ToArray(), "catalog.json");
    }
}
