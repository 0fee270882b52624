using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Reporting;

namespace OnnxTransfer.Tests.Reporting;

public sealed class HtmlBuilderTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\" onload=\"alert(1)")]
    [InlineData("' onload='alert(1)")]
    [InlineData("a & b")]
    public void Text_in_a_hole_cannot_become_markup(string text)
    {
        var html = new HtmlBuilder().Add($"<i title=\"{text}\">{text}</i>").ToString();
        Assert.DoesNotContain(text, html, StringComparison.Ordinal);
        Assert.Equal($"<i title=\"{text}\">{text}</i>", System.Net.WebUtility.HtmlDecode(html).TrimEnd());
        Assert.Equal(2, html.Count(c => c == '<'));
    }

    [Fact]
    public void Any_text_stays_text() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
    {
        var html = new HtmlBuilder().Add($"{text}").ToString();
        return !html.AsSpan().ContainsAny("<>\"'");
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Builders_nest_as_markup_and_numbers_are_invariant()
    {
        var inner = HtmlBuilder.Of(html => html.Add($"<b>{0.5}</b>"));
        Assert.Equal("<p><b>0.5</b>\n 1,234</p>\n", new HtmlBuilder().Add($"<p>{inner} {1234:N0}</p>").ToString());
    }
}
