using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Architecture;

public sealed class ArchitectureTests
{
    [Fact]
    public void OnlyTheStripOfLibvipsIsUnsafe() =>
        Assert.Empty(Sources("src").Select(file => file with { Path = "src/" + file.Path }).SelectMany(UnsafeCode.Violations));

    [Fact]
    public void EveryPublicTypeIsInANamespaceOfTheLibrary() =>
        Assert.All(typeof(ModelCard).Assembly.GetExportedTypes(), type => Assert.StartsWith("OnnxTransfer", type.Namespace, StringComparison.Ordinal));

    [Fact]
    public void TheRealSourcesAreRead() => Assert.Contains(Sources("src", "OnnxTransfer"), file => file.Path == "Backbones/ModelCard.cs");

    [Theory]
    [InlineData("unsafe struct S;", "unsafe")]
    [InlineData("fixed (byte* p = x) { }", "fixed (")]
    [InlineData("[DllImport(\"vips\")]", "DllImport")]
    [InlineData("[LibraryImport(\"vips\")]", "LibraryImport")]
    [InlineData("Unsafe.As<int>(x)", "Unsafe.")]
    [InlineData("ref var r = ref MemoryMarshal.GetReference(span);", "MemoryMarshal.GetReference")]
    [InlineData("Vector256.LoadUnsafe(ref r)", "LoadUnsafe")]
    [InlineData("Marshal.AllocHGlobal(1)", "Marshal.")]
    [InlineData("NativeMemory.Alloc(1)", "NativeMemory")]
    [InlineData("NativeLibrary.Load(file)", "NativeLibrary")]
    public void UncheckedCodeIsFound(string text, string found)
    {
        Assert.Equal($"src/OnnxTransfer/Training/X.cs:2: {found}", Assert.Single(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer/Training/X.cs", "\n" + text))));
        Assert.Empty(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer.Vips/VipsStrip.cs", text)));
    }

    [Theory]
    [InlineData("MemoryMarshal.Cast<byte, float>(span)")]
    [InlineData("MemoryMarshal.Read<int>(span)")]
    [InlineData("CollectionsMarshal.AsSpan(list)")]
    [InlineData("// unsafe")]
    [InlineData("var s = \"unsafe\"; var UnsafeName = 1;")]
    [InlineData("JavaScriptEncoder.UnsafeRelaxedJsonEscaping")]
    public void CheckedCodeIsNot(string text) => Assert.Empty(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer/Training/X.cs", text)));

    private static List<SourceFile> Sources(params string[] folder)
    {
        var root = Repository.PathOf(folder);
        return [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(root, path).Replace('\\', '/'), Full: path))
            .Where(one => !one.Path.Split('/').Any(part => part is "obj" or "bin"))
            .Select(one => new SourceFile(one.Path, File.ReadAllText(one.Full)))];
    }
}
