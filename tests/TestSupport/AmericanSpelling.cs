using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace OnnxTransfer.TestSupport;

/// <summary>Names as .NET spells them: color, gray, normalize, canceled.</summary>
internal static partial class AmericanSpelling
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The types, members and parameters of an assembly, whoever may see them, that have a British spelling in their name.</summary>
    internal static IEnumerable<string> Violations(Assembly assembly) =>
        from type in assembly.GetTypes()
        where !IsGenerated(type)
        from name in type.GetMembers(Declared).SelectMany(NamesOf).Append(type.Name).Concat(type.GetGenericArguments().Select(one => one.Name))
        where IsBritish(name)
        select $"{type.FullName}: {name}";

    /// <summary>In a name such as <c>HeatColour</c>, <c>s_licences</c> or <c>A_normalised_row</c>.</summary>
    internal static bool IsBritish(string name) => British().IsMatch(Humps().Replace(name, " ").ToLowerInvariant());

    /// <summary>The British words of a text in Markdown or of a command's help; code spans, code blocks and addresses are not read.</summary>
    internal static IEnumerable<string> WordsOf(string prose) =>
        Words().Matches(Code().Replace(prose, " ")).Select(word => word.Value).Where(IsBritish);

    private static IEnumerable<string> NamesOf(MemberInfo member) =>
        member is MethodBase method ? method.GetParameters().Select(one => one.Name ?? "").Append(method.Name) : [member.Name];

    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute)) || type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute)) || (type.DeclaringType is { } outer && IsGenerated(outer));

    // Where a word of the name begins.
    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|_")]
    private static partial Regex Humps();

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Words();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`|<c>.*?</c>|\]\([^)\n]*\)|https?://\S+", RegexOptions.Singleline)]
    private static partial Regex Code();

    // Words such as noise, raise, precise, otherwise, exercise and supervise have their s everywhere.
    [GeneratedRegex(
        "colour|\\bgrey(?!hound)|labell(?!edby)|catalogue|licence|\\bcentre|neighbour|behaviour|favour|honour|flavour|cancell(?!ation)|modell|travell|analyse|artefact|fibre|judgement|learnt|spelt|whilst|theatre|centring|defence|dialogue"
        + "|[a-z]isation|(?<!\\br|ra|no|prec|w|exerc|prem|prom|compr|conc|disgu|surpr|rev|adv|\\bar|dev|imp|superv)(?<=[a-z])is(e|ed|es|ing|er|ers)\\b")]
    private static partial Regex British();
}
