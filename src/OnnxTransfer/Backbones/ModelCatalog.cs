using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>The backbones that can be had by id.</summary>
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

    /// <summary>The catalogue that comes with the library.</summary>
    public static ModelCatalog Default => s_default.Value;

    /// <summary>All entries, in the catalogue's order: the recommended one first.</summary>
    public IReadOnlyList<CatalogEntry> Entries { get; }

    /// <summary>The entry with an id, whatever its case.</summary>
    /// <exception cref="ModelException">There is none: the message lists the nearest ids.</exception>
    public CatalogEntry Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!_byId.TryGetValue(id, out var entry)) Throw.ModelIdUnknown(id, _byId.Keys);
        return entry;
    }

    /// <summary>The entry with an id, whatever its case, if there is one.</summary>
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
        var isDownload = entry.Recipe is null && card.Sha256 is not null && entry.Bytes is not null && mirrors.Length > 0;
        var isBuilt = entry.Recipe is not null && card.Sha256 is null && entry.Bytes is null && mirrors.Length == 0;
        if (isDownload == isBuilt) Throw.CatalogEntryHasNoOrigin(fields.Origin, card.Id);
        return new CatalogEntry
        {
            Name = fields.Text(entry.Name, "name"),
            Card = card,
            Bytes = isDownload ? fields.Positive(entry.Bytes, "bytes") : null,
            Mirrors = mirrors,
            Recipe = isBuilt ? Recipe(entry.Recipe!, fields.Within("recipe.")) : null,
            Top1 = entry.Accuracy?.Top1,
            Top5 = entry.Accuracy?.Top5,
            AccuracySource = entry.Accuracy?.Source,
            Note = entry.Note,
        };
    }

    private static ModelRecipe Recipe(RecipeDocument recipe, JsonFields fields)
    {
        var end = fields.Positive(recipe.ByteEnd, "byteEnd");
        if (recipe.ByteStart is not { } start || start < 0 || start >= end)
            Throw.FieldNotUsable(fields.Origin, fields.Prefix + "byteStart", $"at least 0 and less than byteEnd ({end})", $"{recipe.ByteStart}");
        return new ModelRecipe(
            fields.Text(recipe.Package, "package"),
            fields.Text(recipe.Version, "version"),
            fields.Text(recipe.Integrity, "integrity"),
            fields.Https(recipe.Url, "url"),
            fields.Text(recipe.Member, "member"),
            recipe.ByteStart.Value,
            end,
            fields.Required(fields.Sha256(recipe.Sha256, "sha256"), "sha256"));
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
