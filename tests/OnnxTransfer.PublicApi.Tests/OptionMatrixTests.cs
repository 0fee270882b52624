using System.Collections;
using System.Globalization;
using System.Reflection;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>
/// Every option of every public record, and every parameter of a factory of options, against every value that cannot be meant: refused where
/// it is given, in one sentence with the name and the value. What can be meant all the same is listed, each with its reason.
/// </summary>
public sealed class OptionMatrixTests
{
    private static readonly NullabilityInfoContext s_nullability = new();

    /// <summary>Values that look wrong and are not.</summary>
    private static readonly Dictionary<string, Func<object?, bool>> s_legal = new()
    {
        ["TrainingOptions.Seed"] = _ => true,
        ["TrainingPlan.Seed"] = _ => true,
        ["DatasetCheckOptions.Seed"] = _ => true,
        ["ComparisonOptions.FoldCount"] = IsLarge,
        ["DatasetCheckOptions.FoldCount"] = IsLarge,
        ["DatasetCheckOptions.EmbeddingBatchSize"] = IsLarge,
        // A factor, a mean and a deviation may have any sign.
        ["PreprocessSpec.Rescale"] = value => value is -1.0,
        ["PreprocessSpec.Mean"] = value => IsFinite(value),
        ["PreprocessSpec.Std"] = value => IsFinite(value),
        // Without a bound: the work ends when there is no more of it.
        ["TrainingOptions.Epochs"] = IsLarge,
        ["TrainingOptions.BatchSize"] = IsLarge,
        ["TrainingOptions.RandomBatchesPerEpoch"] = IsLarge,
        ["TrainingOptions.HiddenUnits"] = IsLarge,
        ["TrainingOptions.Patience"] = IsLarge,
        ["TrainingPlan.Epochs"] = IsLarge,
        ["TrainingPlan.BatchSize"] = IsLarge,
        ["TrainingPlan.RandomBatchesPerEpoch"] = IsLarge,
        ["TrainingPlan.HiddenUnits"] = IsLarge,
        ["TrainingPlan.Patience"] = IsLarge,
        // No more images go into a run than there are, and a batch that no array can hold is refused before the first image.
        ["TrainingPlan.EmbeddingBatchSize"] = IsLarge,
        ["FeatureSetOptions.BatchSize"] = IsLarge,
        ["TuningOptions.HiddenUnits"] = IsLarge,
        ["TuningOptions.Seed"] = _ => true,
        // The rows say how many folds there can be.
        ["TuningOptions.FoldCount"] = IsLarge,
        // The machine says how many devices it has.
        ["FeatureExtractorOptions.DeviceId"] = IsLarge,
        ["DecodeOptions.MaxPixels"] = IsLarge,
        ["DecodeOptions.MemoryBudget"] = IsLarge,
        ["DecodeOptions.MaxEncodedBytes"] = IsLarge,
        ["DecodeOptions.MaxFrames"] = IsLarge,
        ["Optimizer.Lbfgs(maxIterations)"] = IsLarge,
        ["LearningRateSchedule.Exponential(steps)"] = IsLarge,
        ["LearningRateSchedule.Cosine(warmUpSteps)"] = IsLarge,
        ["LearningRateSchedule.ReduceOnPlateau(patience)"] = IsLarge,
    };

    public static TheoryData<string> Options => [.. Cases().Select(one => one.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Options))]
    public void A_value_that_cannot_be_is_refused_where_it_is_given(string name)
    {
        foreach (var (_, label, value, set) in Cases().Where(one => one.Name == name))
        {
            var error = Record.Exception(set);
            if (error is TargetInvocationException { InnerException: { } inner }) error = inner;
            if (s_legal.TryGetValue(name, out var legal) && legal(value))
            {
                Assert.True(error is null, $"{name} = {Show(value)} is listed as legal, but: {error?.Message}");
                continue;
            }

            Assert.True(error is ArgumentException, $"{name} = {Show(value)} is taken{(error is null ? "" : $", or fails with {error.GetType().Name}: {error.Message}")}");
            var sentence = error!.Message.Split(" (Parameter '")[0];
            Assert.StartsWith(label, sentence, StringComparison.Ordinal);
            Assert.Contains(", but must be ", sentence.Replace("but must have", "but must be", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.EndsWith(".", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', sentence);
            if (value is null || value is not IEnumerable and not ImageSize) Assert.Contains(value is null ? " is null," : $" is {Show(value)},", sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_matrix_finds_what_there_is()
    {
        Type[] records = [.. Records()];
        Assert.Superset(
            new HashSet<Type>
            {
                typeof(FeatureExtractorOptions), typeof(DecodeOptions), typeof(PreprocessSpec), typeof(TrainingOptions), typeof(TrainingPlan), typeof(ComparisonOptions),
                typeof(TfLiteOptions), typeof(KerasOptions), typeof(LabeledImage),
            },
            records.ToHashSet());
        string[] names = [.. Cases().Select(one => one.Name).Distinct()];
        foreach (var name in (string[])["TrainingPlan.MaxBad", "TrainingPlan.Optimizer", "FeatureExtractorOptions.Upsampling", "Optimizer.Sgd(momentum)", "Resize.Stretch(crop)", "SplitPercentages(train)", "PreprocessSpec.Torch(size)"])
            Assert.Contains(name, names);
        Assert.True(Cases().Count() > 250, $"only {Cases().Count()} cases");
        Assert.Empty(s_legal.Keys.Except(names));
    }

    [Fact]
    public void Every_enumeration_has_a_member_for_0_and_Auto_is_it()
    {
        var enums = PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => type.IsEnum).ToList();
        Assert.True(enums.Count > 10);
        foreach (var type in enums)
        {
            Assert.True(Enum.IsDefined(type, Enum.ToObject(type, 0)), $"{type.Name} has no member for 0, which is what a field without a value has");
            foreach (var name in Enum.GetNames(type).Where(name => name.StartsWith("Auto", StringComparison.Ordinal)))
                Assert.Equal(0, Convert.ToInt32(Enum.Parse(type, name), CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Threads_means_the_same_everywhere()
    {
        var properties = PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).SelectMany(type => type.GetProperties())
            .Where(property => property.Name.EndsWith("Threads", StringComparison.Ordinal)).ToList();
        Assert.True(properties.Count >= 3);
        var messages = new HashSet<string>();
        foreach (var property in properties)
        {
            Assert.Equal(typeof(int), property.PropertyType);
            var options = Activator.CreateInstance(property.ReflectedType!)!;
            Assert.Equal(0, property.GetValue(options));
            foreach (var right in (int[])[0, 1, 1024]) property.SetValue(options, right);
            foreach (var wrong in (int[])[-1, 1025, 100_000]) messages.Add(Assert.Throws<TargetInvocationException>(() => property.SetValue(options, wrong)).InnerException!.Message);
        }

        Assert.Equal(3, messages.Count);
        Assert.All(messages, message => Assert.Contains("from 0 to 1024, where 0 means one thread for each core that the process may use", message, StringComparison.Ordinal));
    }

    private static bool IsLarge(object? value) => value is int.MaxValue or long.MaxValue or int[] and [int.MaxValue, ..];

    private static bool IsFinite(object? value) => value is double[] numbers && numbers.Length == 3 && numbers.All(double.IsFinite);

    private static string Show(object? value) => value switch
    {
        null => "null",
        string => $"'{value}'",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Show))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static IEnumerable<Type> Records() => PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(
        type => PublicSurface.IsRecord(type) && !type.IsAbstract
            && (type == typeof(LabeledImage) || ((string[])["Options", "Plan", "Spec"]).Any(end => type.Name.EndsWith(end, StringComparison.Ordinal))));

    /// <summary>The option, how its messages begin, the value, and what gives the value to it.</summary>
    private static IEnumerable<(string Name, string Label, object? Value, Action Set)> Cases() => Properties().Concat(Parameters());

    private static IEnumerable<(string Name, string Label, object? Value, Action Set)> Properties() =>
        from type in Records()
        from property in type.GetProperties()
        where property.CanWrite
        let canBeNull = s_nullability.Create(property).WriteState == NullabilityState.Nullable
        from value in Wrong(property.PropertyType, canBeNull)
        select ($"{type.Name}.{property.Name}", property.Name, value, (Action)(() => property.SetValue(New(type), value)));

    private static IEnumerable<(string Name, string Label, object? Value, Action Set)> Parameters() =>
        from factory in Factories()
        from parameter in factory.GetParameters()
        let canBeNull = s_nullability.Create(parameter).WriteState == NullabilityState.Nullable
        from value in Wrong(parameter.ParameterType, canBeNull)
        let name = factory is ConstructorInfo ? $"{factory.DeclaringType!.Name}({parameter.Name})" : $"{factory.DeclaringType!.Name}.{factory.Name}({parameter.Name})"
        select (name, factory is ConstructorInfo ? "" : parameter.Name!, value, (Action)(() => Call(factory, parameter, value)));

    private static IEnumerable<MethodBase> Factories() =>
    [
        .. from type in (Type[])[typeof(Optimizer), typeof(LearningRateSchedule), typeof(Resize), typeof(PreprocessSpec)]
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static)
           where !method.IsSpecialName && type.IsAssignableFrom(method.ReturnType) && method.Name != nameof(PreprocessSpec.Named)
           select method,
        typeof(SplitPercentages).GetConstructors().Single(),
    ];

    private static object New(Type type) => type == typeof(LabeledImage) ? new LabeledImage("a.jpg", "a") : Activator.CreateInstance(type)!;

    private static void Call(MethodBase factory, ParameterInfo wrong, object? value)
    {
        object?[] arguments = [.. factory.GetParameters().Select(parameter => parameter.Position == wrong.Position ? value : Right(parameter))];
        _ = factory is ConstructorInfo constructor ? constructor.Invoke(arguments) : factory.Invoke(null, arguments);
    }

    private static object? Right(ParameterInfo parameter) => parameter switch
    {
        { HasDefaultValue: true } => parameter.DefaultValue,
        { Name: "factor" } => 0.5,
        { Name: "train" } => 80.0,
        { Name: "validation" or "test" } => 10.0,
        { ParameterType: var type } when type == typeof(int) => 20,
        { ParameterType: var type } when type == typeof(ImageSize) => new ImageSize(10, 10),
        _ => throw new NotSupportedException($"{parameter.Member.Name} has a parameter {parameter.Name} that this test has no value for"),
    };

    private static IEnumerable<object?> Wrong(Type type, bool canBeNull)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            foreach (var value in Wrong(inner, canBeNull: true)) yield return value;
            yield break;
        }

        if (!type.IsValueType && !canBeNull) yield return null;
        if (type == typeof(int)) foreach (var value in (int[])[-1, int.MinValue, int.MaxValue]) yield return value;
        else if (type == typeof(long)) foreach (var value in (long[])[-1, 0, long.MinValue, long.MaxValue]) yield return value;
        else if (type == typeof(double)) foreach (var value in (double[])[-1, double.NaN, double.PositiveInfinity, double.NegativeInfinity]) yield return value;
        else if (type == typeof(float)) foreach (var value in (float[])[-1, float.NaN, float.PositiveInfinity, float.NegativeInfinity]) yield return value;
        else if (type == typeof(TimeSpan)) foreach (var value in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-1)]) yield return value;
        else if (type.IsEnum) foreach (var value in (int[])[99, -1]) yield return Enum.ToObject(type, value);
        else if (type == typeof(ImageSize)) foreach (var (width, height) in ((int, int)[])[(-1, 5), (5, 0), (99_999, 5), (5, 99_999)]) yield return new ImageSize(width, height);
        else if (type == typeof(IReadOnlyList<double>)) foreach (var value in Lists<double>(-1, double.NaN, double.PositiveInfinity)) yield return value;
        else if (type == typeof(IReadOnlyList<int>)) foreach (var value in Lists(-1, 0, int.MinValue, int.MaxValue)) yield return value;
        else if (type == typeof(IReadOnlyList<string>)) foreach (var value in Lists(null, "", " ")) yield return value;
        else if (type == typeof(IReadOnlyList<ImageInput>)) foreach (var value in Lists<ImageInput?>([null])) yield return value;
        else if (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type)) throw new NotSupportedException($"this test knows no wrong value of a {type}");
    }

    /// <summary>Lists of three with the value in each place.</summary>
    private static IEnumerable<object> Lists<T>(params T[] wrong) =>
        from value in wrong
        select (object)(T[])[value, value, value];
}
