using Mono.Cecil;
using Mono.Cecil.Cil;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>A use of one folder's type by a type in another folder.</summary>
internal sealed record FolderUse(string From, string To, string User, string Used)
{
    public override string ToString() => $"{From} -> {To}: {User} uses {Used}";
}

/// <summary>
/// Who uses whom among the folders of an assembly's sources, read from the compiled code: base types, fields, parameters, results, locals,
/// attributes, and every type, method and field that a body names. A type belongs to the folder of its file, a method too (a partial
/// type may lie in several), as the debugging symbols say. Constants and <c>nameof</c> leave no trace in compiled code.
/// </summary>
internal sealed class FolderGraph
{
    /// <summary>The root of the sources, where the doors are.</summary>
    internal const string Root = "(doors)";

    private readonly Dictionary<string, string> _folders = [];
    private readonly HashSet<FolderUse> _uses = [];
    private readonly ModuleDefinition _module;
    private readonly SourceMap _sources;

    private FolderGraph(ModuleDefinition module, SourceMap sources)
    {
        (_module, _sources) = (module, sources);
        var types = module.GetTypes().ToList();
        foreach (var type in types.Where(type => type.DeclaringType is null))
        {
            if (sources.FolderOf(type) is { } folder) _folders[type.FullName] = folder;
        }

        foreach (var type in types.Where(type => FolderOf(type) is not null)) Read(type);
    }

    /// <summary>The folders of the first level that have a type.</summary>
    internal IReadOnlyList<string> Folders => [.. _folders.Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Every use across folders, in order.</summary>
    internal IReadOnlyList<FolderUse> Uses => [.. _uses.OrderBy(use => use.ToString(), StringComparer.Ordinal)];

    /// <summary>Reads an assembly and its symbols.</summary>
    /// <param name="assembly">The path of the <c>.dll</c>, beside which is the <c>.pdb</c>.</param>
    /// <param name="sources">The folder of the sources, such as <c>src/OnnxTransfer</c>.</param>
    internal static FolderGraph Of(string assembly, string sources)
    {
        using var module = ModuleDefinition.ReadModule(assembly, new ReaderParameters { ReadSymbols = true });
        return new FolderGraph(module, SourceMap.Read(Path.ChangeExtension(assembly, ".pdb"), sources));
    }

    private void Read(TypeDefinition type)
    {
        var home = FolderOf(type)!;
        var name = NameOf(type);
        Use(home, name, type.BaseType);
        foreach (var one in type.Interfaces) Use(home, name, one.InterfaceType);
        Attributes(home, name, type);
        Constraints(home, name, type);
        foreach (var field in type.Fields)
        {
            Use(home, name, field.FieldType);
            Attributes(home, name, field);
        }

        foreach (var property in type.Properties) Attributes(home, name, property);
        foreach (var method in type.Methods) Read(_sources.FolderOf(method) ?? home, name, method);
    }

    private void Read(string from, string name, MethodDefinition method)
    {
        Use(from, name, method.ReturnType);
        foreach (var parameter in method.Parameters) Use(from, name, parameter.ParameterType);
        Attributes(from, name, method);
        Constraints(from, name, method);
        if (!method.HasBody) return;
        foreach (var local in method.Body.Variables) Use(from, name, local.VariableType);
        foreach (var handler in method.Body.ExceptionHandlers) Use(from, name, handler.CatchType);
        foreach (var instruction in method.Body.Instructions) Use(from, name, instruction);
    }

    private void Use(string from, string name, Instruction instruction)
    {
        switch (instruction.Operand)
        {
            case TypeReference type:
                Use(from, name, type);
                break;
            case FieldReference field:
                Use(from, name, field.DeclaringType);
                Use(from, name, field.FieldType);
                break;
            case MethodReference method:
                // A part of a partial type is used where it stands, and not where its other parts are.
                if (method.DeclaringType.Scope == _module && method.Resolve() is { } definition && _sources.FolderOf(definition) is { } folder) Add(from, folder, name, method.DeclaringType);
                else Use(from, name, method.DeclaringType);
                Use(from, name, method.ReturnType);
                foreach (var parameter in method.Parameters) Use(from, name, parameter.ParameterType);
                if (method is GenericInstanceMethod generic) foreach (var argument in generic.GenericArguments) Use(from, name, argument);
                break;
        }
    }

    private void Use(string from, string name, TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                foreach (var argument in generic.GenericArguments) Use(from, name, argument);
                Use(from, name, generic.ElementType);
                return;
            case RequiredModifierType modified:
                Use(from, name, modified.ElementType);
                return;
            case TypeSpecification specification:
                Use(from, name, specification.ElementType);
                return;
        }

        if (type.Scope == _module && FolderOf(type) is { } to) Add(from, to, name, type);
    }

    private void Add(string from, string to, string user, TypeReference used)
    {
        // The parts of a partial type share what the compiler adds to it.
        if (to != from && user != NameOf(used)) _uses.Add(new FolderUse(from, to, user, NameOf(used)));
    }

    private void Attributes(string from, string name, ICustomAttributeProvider provider)
    {
        foreach (var attribute in provider.CustomAttributes)
        {
            Use(from, name, attribute.AttributeType);
            foreach (var argument in attribute.ConstructorArguments.Where(argument => argument.Value is TypeReference)) Use(from, name, (TypeReference)argument.Value);
        }
    }

    private void Constraints(string from, string name, IGenericParameterProvider provider)
    {
        foreach (var parameter in provider.GenericParameters)
        {
            foreach (var constraint in parameter.Constraints) Use(from, name, constraint.ConstraintType);
        }
    }

    private string? FolderOf(TypeReference type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return _folders.GetValueOrDefault(type.FullName);
    }

    private static string NameOf(TypeReference type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type.Name.Split('`')[0];
    }
}
