using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using MethodDefinition = Mono.Cecil.MethodDefinition;
using TypeDefinition = Mono.Cecil.TypeDefinition;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>The folder of each type and method of an assembly, from its portable debugging symbols.</summary>
internal sealed class SourceMap
{
    /// <summary>The symbols' list of files of types that have no code, such as enums and interfaces.</summary>
    private static readonly Guid s_typeDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    private readonly Dictionary<int, string> _types = [];
    private readonly Dictionary<int, string> _methods = [];

    /// <summary>The folder of a method's file; null for what the compiler wrote.</summary>
    internal string? FolderOf(MethodDefinition method) => _methods.GetValueOrDefault((int)method.MetadataToken.RID);

    /// <summary>The folder of a type's file, its own or that of the first of its methods; null for generated types.</summary>
    internal string? FolderOf(TypeDefinition type) =>
        _types.GetValueOrDefault((int)type.MetadataToken.RID)
        ?? type.Methods.Select(FolderOf).FirstOrDefault(folder => folder is not null)
        ?? type.NestedTypes.Select(FolderOf).FirstOrDefault(folder => folder is not null);

    internal static SourceMap Read(string symbols, string sources)
    {
        using var stream = File.OpenRead(symbols);
        using var provider = MetadataReaderProvider.FromPortablePdbStream(stream);
        var reader = provider.GetMetadataReader();
        var map = new SourceMap();
        foreach (var handle in reader.MethodDebugInformation)
        {
            var document = reader.GetMethodDebugInformation(handle).Document;
            if (!document.IsNil && Folder(document) is { } folder) map._methods[MetadataTokens.GetRowNumber(handle)] = folder;
        }

        foreach (var handle in reader.CustomDebugInformation)
        {
            var information = reader.GetCustomDebugInformation(handle);
            if (reader.GetGuid(information.Kind) != s_typeDocuments || information.Parent.Kind != HandleKind.TypeDefinition) continue;
            var blob = reader.GetBlobReader(information.Value);
            if (Folder(MetadataTokens.DocumentHandle(blob.ReadCompressedInteger())) is { } folder) map._types[MetadataTokens.GetRowNumber(information.Parent)] = folder;
        }

        return map;

        // A deterministic build maps the path of the checkout to '/_/'.
        string? Folder(DocumentHandle handle)
        {
            var path = reader.GetString(reader.GetDocument(handle).Name).Replace('\\', '/');
            var at = path.IndexOf($"/{sources}/", StringComparison.Ordinal);
            if (at < 0) return null;
            var below = path[(at + sources.Length + 2)..];
            return below.Contains('/', StringComparison.Ordinal) ? below[..below.IndexOf('/', StringComparison.Ordinal)] : FolderGraph.Root;
        }
    }
}
