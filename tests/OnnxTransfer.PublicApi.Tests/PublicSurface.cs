using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using OnnxTransfer.Conversion;
using OnnxTransfer.Heic;
using OnnxTransfer.Parquet;
using OnnxTransfer.Vips;
using PublicApiGenerator;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>The public types and members of the packages.</summary>
internal static partial class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Every assembly that a user references.</summary>
    internal static readonly Assembly[] Assemblies =
        [typeof(FeatureExtractor).Assembly, typeof(TfLiteConverter).Assembly, typeof(VipsDecoder).Assembly, typeof(HeicDecoder).Assembly, typeof(ParquetFiles).Assembly];

    /// <summary>The methods, constructors and fields of a type that a user can reach.</summary>
    internal static IEnumerable<MemberInfo> ReachableMembers(Type type) => type.GetMembers(Declared).Where(member => member switch
    {
        MethodBase method => IsReachable(method),
        FieldInfo field => IsReachable(field.Attributes),
        _ => false,
    });

    /// <summary>The types in the signature of a method, constructor or field, type arguments and elements of arrays included.</summary>
    internal static IEnumerable<Type> SignatureTypes(MemberInfo member) => member switch
    {
        MethodInfo method => method.GetParameters().Select(one => one.ParameterType).Append(method.ReturnType).SelectMany(Parts),
        ConstructorInfo constructor => constructor.GetParameters().Select(one => one.ParameterType).SelectMany(Parts),
        FieldInfo field => Parts(field.FieldType),
        _ => [],
    };

    internal static bool IsTuple(Type type) => type.IsGenericType && typeof(ITuple).IsAssignableFrom(type);

    private static IEnumerable<Type> Parts(Type type)
    {
        IEnumerable<Type> inner = type.HasElementType ? [type.GetElementType()!] : type.IsGenericType ? type.GetGenericArguments() : [];
        return inner.SelectMany(Parts).Prepend(type);
    }

    /// <summary>The public surface as C#: what a user can write, with nullability, the names of tuples, <c>required</c> and <c>init</c>.</summary>
    internal static string Of(Assembly assembly)
    {
        var text = assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.CompilerGeneratedAttribute"],
        }).ReplaceLineEndings("\n");
        return OfRecords().Replace(text, "");
    }

    internal static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Declared) is not null;

    private static bool IsReachable(MethodBase method) => method.IsPublic || (method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed;

    private static bool IsReachable(FieldAttributes attributes) => (attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public && !attributes.HasFlag(FieldAttributes.SpecialName);

    /// <summary>What the compiler writes for every record and nobody needs to review.</summary>
    [GeneratedRegex(@"^ +(?:public|protected) [^\n]*(?:<Clone>\$|PrintMembers|EqualityContract|operator [=!]=)[^\n]*\n", RegexOptions.Multiline)]
    private static partial Regex OfRecords();
}
