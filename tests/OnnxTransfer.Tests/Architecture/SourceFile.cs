namespace OnnxTransfer.Tests.Architecture;

/// <summary>A source file: its path, with '/', and its text.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string Code { get; } = CSharpCode.Of(Text);
}
