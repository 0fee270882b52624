using System.Reflection;
using System.Reflection.Emit;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Inference;

public sealed class RuntimeErrorsTests
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The instructions that ask for a type by its token: <c>isinst</c>, as a filter does, and <c>castclass</c>.</summary>
    private static readonly byte[] s_typeTests = [0x75, 0x74];

    private static readonly Dictionary<short, OpCode> s_instructions =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void ONNX_Runtimes_exception_is_known_in_two_places()
    {
        Assert.Equal(
            [nameof(NetworkOutputs), nameof(RuntimeErrors)],
            Methods(typeof(FeatureExtractor).Assembly).Where(Knows).Select(method => Outermost(method.DeclaringType!).Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ONNX_Runtime_gets_this_processs_memory_in_one_place() => Assert.Equal(
        [nameof(NetworkRunner)],
        Methods(typeof(FeatureExtractor).Assembly)
            .Where(method => Calls(method, nameof(OrtValue.CreateTensorValueFromMemory)))
            .Select(method => Outermost(method.DeclaringType!).Name).Distinct());

    [Fact]
    public void A_damaged_network_is_named_with_what_ONNX_Runtime_says()
    {
        var exception = Assert.Throws<InvalidModelException>(() => SessionFactory.Open([1, 2, 3], "photos.onnx", SessionSettings.OnCpu()));
        Assert.StartsWith("ONNX Runtime cannot load photos.onnx: ", exception.Message, StringComparison.Ordinal);
        Assert.IsType<OnnxRuntimeException>(exception.InnerException);
    }

    [Fact]
    public void Only_what_the_machine_cannot_do_is_an_obstacle()
    {
        Assert.Equal((1, null), RuntimeErrors.Try(() => 1));
        Assert.Equal("no such device.", RuntimeErrors.Try<int>(() => throw new NotSupportedException("no such device")).Obstacle);
        Assert.Throws<InvalidOperationException>(() => RuntimeErrors.Try<int>(() => throw new InvalidOperationException()));
        Assert.Throws<ModelException>(() => RuntimeErrors.Try<int>(() => throw new ModelException("a wrong shape")));
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(type =>
        type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared))).Where(method => method.GetMethodBody() is not null);

    private static bool Knows(MethodBase method)
    {
        var body = method.GetMethodBody()!;
        if (body.ExceptionHandlingClauses.Any(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause && clause.CatchType == typeof(OnnxRuntimeException))) return true;
        return Tokens(body, s_typeTests).Any(token => Resolve(method, token) == (MemberInfo)typeof(OnnxRuntimeException));
    }

    private static bool Calls(MethodBase method, string name) =>
        // call and callvirt
        Tokens(method.GetMethodBody()!, [0x28, 0x6F]).Any(token => Resolve(method, token) is MethodInfo called && called.Name == name && called.DeclaringType == typeof(OrtValue));

    /// <summary>The tokens of the given instructions, all of one byte.</summary>
    private static IEnumerable<int> Tokens(MethodBody body, byte[] instructions)
    {
        var code = body.GetILAsByteArray()!;
        for (var at = 0; at < code.Length;)
        {
            var instruction = s_instructions[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            var isWanted = instruction.Size == 1 && instructions.Contains(code[at]);
            at += instruction.Size;
            if (isWanted) yield return BitConverter.ToInt32(code, at);
            at += instruction.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        try
        {
            return method.Module.ResolveMember(
                token, method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null, method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (Exception exception) when (exception is ArgumentException or BadImageFormatException)
        {
            return null;
        }
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type;
    }
}
