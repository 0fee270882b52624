using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class NamesTests
{
    [Fact]
    public void Names_have_American_spelling() => Assert.Empty(AmericanSpelling.Violations(typeof(Program).Assembly));
}
