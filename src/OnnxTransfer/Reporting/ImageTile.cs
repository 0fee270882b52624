namespace OnnxTransfer.Reporting;

/// <summary>A small picture with a caption and the name of its file.</summary>
internal static class ImageTile
{
    internal static void Add(HtmlBuilder body, string id, string caption, string? picture)
    {
        var name = Path.GetFileName(id) is { Length: > 0 } last ? last : id;
        body.Add($"<figure>");
        if (picture is not null) body.Add($"""<img src="{HtmlBuilder.Trusted(picture)}" alt="{caption}: {name}" title="{id}" width="148" height="148">""");
        else body.Add($"""<div class="missing">The file {name} can no longer be read.</div>""");
        body.Add($"""<figcaption>{caption}<span class="file">{name}</span></figcaption></figure>""");
    }
}
