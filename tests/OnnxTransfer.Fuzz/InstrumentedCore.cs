using System.Reflection;
using System.Runtime.Loader;
using SharpFuzz;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// Loads a second copy of the library, in which SharpFuzz has put a counter at every branch of the readers of files, and a second copy of
/// this program that uses it. The files of the build stay as they are.
/// </summary>
internal sealed class InstrumentedCore : AssemblyLoadContext, IDisposable
{
    private const string Core = "OnnxTransfer";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("onnxtransfer-fuzz-");

    internal InstrumentedCore()
        : base("instrumented")
    {
        var copy = Path.Combine(_folder.FullName, Core + ".dll");
        File.Copy(PathOf(Core), copy);
        Fuzzer.Instrument(copy, name => name.StartsWith("OnnxTransfer.Decoding.", StringComparison.Ordinal), Options.Value);
        LoadFromAssemblyPath(copy);
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
        assemblyName.Name == Core ? Assemblies.First(assembly => assembly.GetName().Name == Core)
        : assemblyName.Name!.StartsWith(Core + ".", StringComparison.Ordinal) ? LoadFromAssemblyPath(PathOf(assemblyName.Name))
        : null;

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");
}
