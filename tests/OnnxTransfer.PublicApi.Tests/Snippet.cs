using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>A fenced block of C# in a page of the documentation: a whole program.</summary>
/// <param name="Page">The page, relative to the checkout.</param>
/// <param name="Line">The line of its first statement.</param>
/// <param name="Code">The program.</param>
public sealed record Snippet(string Page, int Line, string Code)
{
    /// <summary>The namespaces that a new console project imports by itself.</summary>
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly Lazy<MetadataReference[]> s_references = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))]);

    /// <summary>Shown by the test runner.</summary>
    public override string ToString() => $"{Page}:{Line}";

    internal static IEnumerable<Snippet> In(string root, string page)
    {
        var lines = File.ReadAllLines(Path.Combine(root, page));
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```csharp") continue;
            var end = Array.IndexOf(lines, "```", i + 1);
            yield return new Snippet(page, i + 2, string.Join('\n', lines[(i + 1)..end]));
            i = end;
        }
    }

    /// <summary>Compiles the program as a new console project would be: nullable, and no warning passes.</summary>
    /// <returns>The assembly's bytes, or what the compiler said.</returns>
    internal (byte[] Assembly, IReadOnlyList<string> Complaints) Compile()
    {
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(
            "Snippet", [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(Code, path: Page)], s_references.Value, options);
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        var complaints = result.Diagnostics.Where(one => one.Severity >= DiagnosticSeverity.Warning && one.Id != "CS1701").Select(one => one.ToString()).ToList();
        return (assembly.ToArray(), complaints);
    }

    /// <summary>Runs the compiled program and returns what it printed.</summary>
    internal static string Run(byte[] assembly, string[] arguments)
    {
        var context = new AssemblyLoadContext("snippet", isCollectible: true);
        using var stream = new MemoryStream(assembly);
        var entry = context.LoadFromStream(stream).EntryPoint!;
        var (before, printed) = (Console.Out, new StringWriter());
        Console.SetOut(printed);
        try
        {
            // The compiler's entry point waits for an asynchronous Main.
            entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, entry.GetParameters().Length == 0 ? [] : [arguments], null);
        }
        finally
        {
            Console.SetOut(before);
            context.Unload();
        }

        return printed.ToString();
    }
}
