using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using OnnxTransfer.Conversion;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>The public types and members of an assembly as text, one line each, in an order that does not depend on the compiler.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>What the compiler writes for every record.</summary>
    private static readonly string[] s_ofRecords = ["Equals", "GetHashCode", "ToString", "PrintMembers", "Deconstruct", "<Clone>$", "op_Equality", "op_Inequality", "EqualityContract"];

    private static readonly NullabilityInfoContext s_nullability = new();

    /// <summary>Every assembly that a user references.</summary>
    internal static readonly Assembly[] Assemblies =
        [typeof(FeatureExtractor).Assembly, typeof(TfLiteConverter).Assembly, typeof(VipsDecoder).Assembly, typeof(HeicDecoder).Assembly];

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

    internal static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var member in Members(type).Order(StringComparer.Ordinal)) text.Append("  ").Append(member).Append('\n');
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        var bases = type.GetInterfaces().Where(one => one.IsPublic && !(IsRecord(type) && one.Name.StartsWith("IEquatable", StringComparison.Ordinal)));
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum)) bases = bases.Prepend(parent);
        string[] names = type.IsEnum ? [] : [.. bases.Select(TypeNames.Of)];
        return $"{Kind(type)} {TypeNames.Of(type)}{(names.Length > 0 ? " : " + string.Join(", ", names) : "")}";
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (typeof(Delegate).IsAssignableFrom(type)) return "delegate";
        var record = IsRecord(type) ? "record " : "";
        if (type.IsValueType) return $"{(type.GetCustomAttribute<IsReadOnlyAttribute>() is null ? "" : "readonly ")}{record}struct";
        var modifier = type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return $"{modifier}{record}class";
    }

    internal static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Declared) is not null;

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum) return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}");
        var isRecord = IsRecord(type);
        return type.GetMembers(Declared).Where(member => !(isRecord && s_ofRecords.Contains(member.Name))).Select(Describe).OfType<string>();
    }

    /// <summary>One member; null for one that a user cannot reach or that belongs to a property or event.</summary>
    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo field when IsReachable(field.Attributes) => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{Annotated(field.FieldType, s_nullability.Create(field).ReadState)} {field.Name}",
        ConstructorInfo { IsStatic: false } constructor when IsReachable(constructor) && !IsCopy(constructor) => $"new({Parameters(constructor)})",
        PropertyInfo property when (property.GetMethod ?? property.SetMethod) is { } accessor && IsReachable(accessor) => Property(property, accessor),
        MethodInfo method when IsReachable(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Modifiers(method)}{Annotated(method.ReturnType, s_nullability.Create(method.ReturnParameter).ReadState)} {method.Name}{Generics(method)}({Parameters(method)})",
        EventInfo happening when IsReachable(happening.AddMethod!) => $"event {TypeNames.Of(happening.EventHandlerType!)} {happening.Name}",
        _ => null,
    };

    private static string Property(PropertyInfo property, MethodInfo accessor)
    {
        var required = property.GetCustomAttribute<RequiredMemberAttribute>() is null ? "" : "required ";
        var isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var set = property.SetMethod is { } setter && IsReachable(setter) ? isInit ? " init;" : " set;" : "";
        var index = property.GetIndexParameters().Length > 0 ? $"[{string.Join(", ", property.GetIndexParameters().Select(Parameter))}]" : "";
        return $"{required}{Modifiers(accessor)}{Annotated(property.PropertyType, s_nullability.Create(property).ReadState)} {property.Name}{index} {{{(property.GetMethod is { } getter && IsReachable(getter) ? " get;" : "")}{set} }}";
    }

    private static string Modifiers(MethodBase method)
    {
        if (method.DeclaringType!.IsInterface) return "";
        var access = method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "";
        var isOverride = method is MethodInfo one && one.GetBaseDefinition().DeclaringType != one.DeclaringType;
        return access + (method.IsStatic ? "static " : isOverride ? "override " : method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "");
    }

    private static string Parameters(MethodBase method)
    {
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return extension + string.Join(", ", method.GetParameters().Select(Parameter));
    }

    private static string Parameter(ParameterInfo parameter)
    {
        var prefix = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "";
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return $"{prefix}{Annotated(type, s_nullability.Create(parameter).WriteState)} {parameter.Name}{Default(parameter, type)}";
    }

    private static string Default(ParameterInfo parameter, Type type) => !parameter.HasDefaultValue ? "" : parameter.DefaultValue switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? " = default" : " = null",
        string value => $" = \"{value}\"",
        bool value => value ? " = true" : " = false",
        var value when type.IsEnum => $" = {Enum.ToObject(type, value)}",
        var value => FormattableString.Invariant($" = {value}"),
    };

    private static string Annotated(Type type, NullabilityState state) => TypeNames.Of(type) + (state == NullabilityState.Nullable && !type.IsValueType ? "?" : "");

    private static string Generics(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeNames.Of))}>" : "";

    private static bool IsReachable(MethodBase method) => method.IsPublic || (method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed;

    private static bool IsReachable(FieldAttributes attributes) => (attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public && !attributes.HasFlag(FieldAttributes.SpecialName);

    private static bool IsCopy(ConstructorInfo constructor) => IsRecord(constructor.DeclaringType!) && constructor.GetParameters() is [var only] && only.ParameterType == constructor.DeclaringType;
}
