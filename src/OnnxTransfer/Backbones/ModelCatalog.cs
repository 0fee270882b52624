using System.Diagnostics.CodeAnalysis;

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
        var document = ModelCardJson.Read(utf8, BackboneJson.Context.CatalogDocument, origin);
        if (document.Schema != Schema) Throw.CatalogSchemaUnknown(origin, document.Schema, Schema);
        var models = new JsonFields(origin, "").Required(document.Models, "models");
        var entries = new List<CatalogEntry>(models.Length);
        var byId = new Dictionary<string, CatalogEntry>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < models.Length; i++)
        {
            var entry = Entry(models[i], new JsonFields(origin, $"models[{i}]."));
            if (!byId.TryAdd(entry.Id, entry)) Throw.CatalogIdTwice(origin, entry.Id);
            entries.Add(entry);
        }

        return new ModelCatalog(entries.AsReadOnly(), byId);
    }

    private static CatalogEntry Entry(EntryDocument entry, JsonFields fields)
    {
        var card = ModelCardJson.FromDocument(fields.Required(entry.Card, "card"), fields.Within("card."));
        fields.Within("card.").Text(card.License, "license");
        if (!IsFileName(card.Id)) Throw.CatalogIdNotAFileName(fields.Origin, card.Id);
        var mirrors = (entry.Mirrors ?? []).Select((url, i) => fields.Https(url, $"mirrors[{i}]")).ToArray();
        if (card.Sha256 is null || (entry.Package is null) == (mirrors.Length == 0)) Throw.CatalogEntryHasNoOrigin(fields.Origin, card.Id);
        return new CatalogEntry
        {
            Name = fields.Text(entry.Name, "name"),
            Card = card,
            Bytes = fields.Positive(entry.Bytes, "bytes"),
            Mirrors = mirrors,
            Package = entry.Package is null ? null : fields.Text(entry.Package, "package"),
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
