using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Architecture;

public sealed class ArchitectureTests
{
    [Fact]
    public void StagesUseOnlyWhatIsToTheirLeft() => Assert.Empty(StageOrder.Violations(Sources("src", "OnnxTransfer")));

    [Fact]
    public void OnlyTheStripOfLibvipsIsUnsafe() =>
        Assert.Empty(Sources("src").Select(file => file with { Path = "src/" + file.Path }).SelectMany(UnsafeCode.Violations));

    [Fact]
    public void EveryPublicTypeIsInANamespaceOfTheLibrary() =>
        Assert.All(typeof(ModelCard).Assembly.GetExportedTypes(), type => Assert.StartsWith("OnnxTransfer", type.Namespace, StringComparison.Ordinal));

    [Fact]
    public void TheRealSourcesAreRead()
    {
        var files = Sources("src", "OnnxTransfer");
        Assert.Contains(files, file => file.Path == "Backbones/ModelCard.cs");
        Assert.Contains(files, file => file.Path == "Internals/Throw.cs");
    }

    [Theory]
    [InlineData("Features/F.cs", "using OnnxTransfer.Heads;", "Features/F.cs:1: Features uses Heads")]
    [InlineData("Features/F.cs", "using static OnnxTransfer.Heads.H;", "Features/F.cs:1: Features uses Heads")]
    [InlineData("Features/F.cs", "using X = OnnxTransfer.Heads.H;", "Features/F.cs:1: Features uses Heads")]
    [InlineData("Features/F.cs", "using System;\nclass F { global::OnnxTransfer.Heads.H? h; }", "Features/F.cs:2: Features uses Heads")]
    [InlineData("Features/F.cs", "namespace OnnxTransfer.Features;\nclass F { Heads.H? h; }", "Features/F.cs:2: Features uses Heads")]
    [InlineData("Decoding/More/D.cs", "using OnnxTransfer.Preprocessing;", "Decoding/More/D.cs:1: Decoding uses Preprocessing")]
    [InlineData("Decoding/D.cs", "using OnnxTransfer.Data;", "Decoding/D.cs:1: Decoding uses Data")]
    [InlineData("Onnx/O.cs", "using OnnxTransfer.Data;", "Onnx/O.cs:1: Onnx uses Data")]
    [InlineData("Decoding/D.cs", "namespace OnnxTransfer.Decoding;\nclass D { Picture? p; }", "Decoding/D.cs:2: Decoding uses Data (Picture)")]
    [InlineData("Internals/I.cs", "class I { void F(Picture p) { } }", "Internals/I.cs:1: Internals uses Data (Picture)")]
    [InlineData("Internals/I.cs", "using OnnxTransfer.Heads;", "Internals/I.cs:1: Internals uses Heads")]
    [InlineData("Internals/Throw.Features.cs", "using OnnxTransfer.Heads;\nclass T { void F(H h) { } }", "Internals/Throw.Features.cs:2: Throw may name exceptions and enums of another stage, not H")]
    [InlineData("Elsewhere/E.cs", "class E;", "Elsewhere/E.cs: 'Elsewhere' is no stage; add it to the order or move the file")]
    public void UseAgainstTheOrderIsFound(string path, string text, string violation) =>
        Assert.Equal(violation, Assert.Single(StageOrder.Violations([new SourceFile(path, text), s_heads, s_picture])));

    [Theory]
    [InlineData("Evaluation/E.cs", "using OnnxTransfer.Heads;\nusing OnnxTransfer.Internals;\nusing OnnxTransfer.Onnx;\nnamespace OnnxTransfer.Evaluation;")]
    [InlineData("Heads/More.cs", "using OnnxTransfer.Heads;")]
    [InlineData("Data/More.cs", "class More { Picture? p; }")]
    [InlineData("Features/F.cs", "class F { Picture? p; }")]
    [InlineData("Decoding/D.cs", "class D { int n; } // Picture")]
    [InlineData("Door.cs", "using OnnxTransfer.Reporting;")]
    [InlineData("Backbones/B.cs", "class B { int F => Heads.Count + this.Heads.H; } // OnnxTransfer.Heads")]
    [InlineData("Internals/Throw.Heads.cs", "using OnnxTransfer.Heads;\nclass T { void F() => throw new HeadException(); void G(Kind k) { } }")]
    public void UseWithTheOrderIsNot(string path, string text) =>
        Assert.Empty(StageOrder.Violations([new SourceFile(path, text), s_heads, s_picture]));

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
        Assert.Equal($"src/OnnxTransfer/Heads/X.cs:2: {found}", Assert.Single(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer/Heads/X.cs", "\n" + text))));
        Assert.Empty(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer.Vips/VipsStrip.cs", text)));
    }

    [Theory]
    [InlineData("MemoryMarshal.Cast<byte, float>(span)")]
    [InlineData("MemoryMarshal.Read<int>(span)")]
    [InlineData("CollectionsMarshal.AsSpan(list)")]
    [InlineData("// unsafe")]
    [InlineData("var s = \"unsafe\"; var UnsafeName = 1;")]
    [InlineData("JavaScriptEncoder.UnsafeRelaxedJsonEscaping")]
    public void CheckedCodeIsNot(string text) => Assert.Empty(UnsafeCode.Violations(new SourceFile("src/OnnxTransfer/Heads/X.cs", text)));

    private static readonly SourceFile s_picture = new("Data/Picture.cs", "namespace OnnxTransfer;\npublic sealed class Picture;");

    private static readonly SourceFile s_heads =
        new("Heads/H.cs", "namespace OnnxTransfer.Heads;\npublic sealed class H;\npublic sealed class HeadException : Exception;\ninternal enum Kind { A }");

    private static List<SourceFile> Sources(params string[] folder)
    {
        var root = Repository.PathOf(folder);
        return [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(root, path).Replace('\\', '/'), Full: path))
            .Where(one => !one.Path.Split('/').Any(part => part is "obj" or "bin"))
            .Select(one => new SourceFile(one.Path, File.ReadAllText(one.Full)))];
    }
}
