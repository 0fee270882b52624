using System.Reflection;
using System.Runtime.Loader;
using SharpFuzz;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// Loads a second copy of the libraries, in which SharpFuzz has put a counter at every branch of the readers of files, and a second copy of
/// this program that uses them. The files of the build stay as they are.
/// </summary>
internal sealed class InstrumentedCore : AssemblyLoadContext, IDisposable
{
    private static readonly string[] s_libraries = ["OnnxTransfer", "OnnxTransfer.Conversion"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("onnxtransfer-fuzz-");

    /// <param name="code">How the full names of the types begin whose branches are counted.</param>
    internal InstrumentedCore(IReadOnlyList<string> code)
        : base("instrumented")
    {
        foreach (var library in s_libraries)
        {
            var copy = CopyOf(library);
            File.Copy(PathOf(library), copy);
            Fuzzer.Instrument(copy, name => code.Any(start => name.StartsWith(start, StringComparison.Ordinal)), Options.Value);
        }
    }

    /// <summary>Calls a static method of this program, in the copy that uses the instrumented library.</summary>
    internal T Call<T>(Delegate method, params object?[] arguments)
    {
        var program = LoadFromAssemblyName(typeof(InstrumentedCore).Assembly.GetName());
        var copy = program.GetType(method.Method.DeclaringType!.FullName!, throwOnError: true)!
            .GetMethod(method.Method.Name, BindingFlags.Static | BindingFlags.NonPublic)!;
        return (T)copy.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The packages this one uses itself come from the program; what is ours comes a second time.</summary>
    protected override Assembly? Load(AssemblyName assemblyName) =>
        s_libraries.Contains(assemblyName.Name) ? LoadFromAssemblyPath(CopyOf(assemblyName.Name!))
        : assemblyName.Name!.StartsWith(s_libraries[0] + ".", StringComparison.Ordinal) ? LoadFromAssemblyPath(PathOf(assemblyName.Name))
        : null;

    private string CopyOf(string name) => Path.Combine(_folder.FullName, name + ".dll");

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");
}
