namespace OnnxTransfer.Tests.Architecture;

public sealed class CSharpCodeTests
{
    [Theory]
    [InlineData("a; // bad", "a;")]
    [InlineData("a /* bad\n bad */ b", "a \n b")]
    [InlineData("/// <see cref=\"bad\"/>\nb", "\nb")]
    [InlineData("f(\"bad\", 'x');", "f(, );")]
    [InlineData("f(\"\\\"bad\") + b", "f() + b")]
    [InlineData("f('\\'', '\"') + b", "f(, ) + b")]
    [InlineData("f(@\"\"\"bad\\\") + b", "f() + b")]
    [InlineData("f(\"\") + b", "f() + b")]
    [InlineData("f($\"bad {code} bad {{bad}} {g(\"bad\")}\") + b", "f(code g()) + b")]
    [InlineData("f($@\"bad \"\"{code}\"\" bad\") + b", "f(code) + b")]
    [InlineData("f($\"{x switch { 1 => \"bad\", _ => y }}\")", "f(x switch { 1 => , _ => y })")]
    [InlineData("f(\"\"\"\n bad \"bad\" // bad\n\"\"\") + b", "f(\n\n) + b")]
    [InlineData("f($$\"\"\"bad {bad} {{code}}\"\"\") + b", "f(code) + b")]
    [InlineData("f(\"http://bad\") + b // bad", "f() + b")]
    [InlineData("var @class = 1; // bad", "var @class = 1;")]
    public void OnlyCodeIsLeft(string source, string code) =>
        Assert.Equal(Squeeze(code), Squeeze(CSharpCode.Of(source)));

    [Fact]
    public void NothingMovesToAnotherPlace()
    {
        const string source = "a /* x\ny */ \"s\" // t\nb";
        var code = CSharpCode.Of(source);
        Assert.Equal(source.Length, code.Length);
        Assert.Equal(source.IndexOf('b', StringComparison.Ordinal), code.IndexOf('b', StringComparison.Ordinal));
    }

    private static string Squeeze(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
