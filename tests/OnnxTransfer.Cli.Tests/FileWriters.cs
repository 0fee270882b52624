using Mono.Cecil;

namespace OnnxTransfer.Cli.Tests;

/// <summary>The methods of compiled code that make, replace or rename files by themselves.</summary>
internal static class FileWriters
{
    /// <summary>Who may, and why it is not <c>AtomicFile</c>.</summary>
    internal static readonly Dictionary<string, string> Allowed = new()
    {
        ["OnnxTransfer.Internals.AtomicFile.Begin"] = "it is the one writer, with the rename below",
        ["OnnxTransfer.Internals.PendingFile.Complete"] = "the rename that gives a whole file its name",
        ["OnnxTransfer.Internals.AtomicFile.RequireWritable"] = "an empty file that is gone at once, to learn whether the folder takes one",
        ["OnnxTransfer.Internals.AbandonedFiles.TryDelete"] = "it opens a file to learn whether anybody holds it, and deletes it",
        ["OnnxTransfer.Internals.FileLock.Open"] = "an empty file that is held open, whose content nobody reads",
        ["OnnxTransfer.Internals.FileLock.Share"] = "the same, held together with others",
        ["OnnxTransfer.Embedding.Caching.CacheLock.PutAside"] = "the rename that puts a damaged cache aside, while nobody has it open",
        ["OnnxTransfer.Internals.FileHash.Sha256Async"] = "it only reads",
        ["OnnxTransfer.Backbones.Download.TransferAsync"] = "a part of a file that a later run goes on with; it has its own name until it is verified",
        ["OnnxTransfer.ModelStore.Publish"] = "the rename that gives a verified download its name",
        ["OnnxTransfer.Backbones.Hub.HubModels.DownloadAsync"] = "the rename that gives a verified download its name",
        ["OnnxTransfer.Heic.HeicFile.Write"] = "a temporary file that only the decoder it is written for opens",
        ["OnnxTransfer.Heic.HeicLibrary.SetUp"] = "a policy in a temporary folder that only the library it is written for opens",
    };

    /// <summary>What the tool alone writes, besides the writer that is compiled into it.</summary>
    internal static readonly Dictionary<string, string> AllowedOfTool = new()
    {
        ["OnnxTransfer.Cli.Output.RowFile.Open"] = "rows that somebody may follow, and that stay whatever ends the process",
    };

    internal static string AssemblyOf(string writer) => writer.StartsWith("OnnxTransfer.Heic.", StringComparison.Ordinal) ? "OnnxTransfer.Heic" : "OnnxTransfer";

    private static readonly string[] s_writing = ["Create", "OpenWrite", "Move", "Copy", "Replace", "Open"];

    /// <summary>Each method that writes files, as <c>Namespace.Type.Method</c>; what a lambda or an async body does is its member's.</summary>
    internal static IEnumerable<string> In(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly);
        return
        [
            .. from type in module.GetTypes()
               from method in type.Methods
               where method.HasBody && method.Body.Instructions.Any(one => one.Operand is MethodReference called && Writes(called))
               select NameOf(type, method),
        ];
    }

    /// <summary>Every constructor of <c>FileStream</c> counts: whether it writes is in its arguments. <c>File.OpenRead</c> and <c>File.OpenHandle</c> are how files are read.</summary>
    private static bool Writes(MethodReference called) => called.DeclaringType.FullName switch
    {
        "System.IO.File" => s_writing.Contains(called.Name) || called.Name.StartsWith("Write", StringComparison.Ordinal) || called.Name.StartsWith("Append", StringComparison.Ordinal) || called.Name.StartsWith("CreateText", StringComparison.Ordinal),
        "System.IO.FileInfo" => called.Name is "Create" or "CreateText" or "AppendText" or "OpenWrite" or "Open" or "MoveTo" or "CopyTo" or "Replace",
        "System.IO.FileStream" => called.Name == ".ctor",
        "System.IO.StreamWriter" => called is { Name: ".ctor", Parameters: [{ ParameterType.FullName: "System.String" }, ..] },
        "SkiaSharp.SKFileWStream" => called.Name == ".ctor",
        _ => false,
    };

    private static string NameOf(TypeDefinition type, MethodDefinition method)
    {
        var name = method.Name;
        while (type.DeclaringType is { } outer)
        {
            // The state machine of an async method is a type of its own, named after the method.
            if (type.Name.StartsWith('<') && type.Name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end) name = type.Name[1..end];
            type = outer;
        }

        if (name.StartsWith('<') && name.IndexOf('>', StringComparison.Ordinal) is > 1 and var stop) name = name[1..stop];
        return $"{type.FullName}.{name}";
    }
}
