using System.Collections;
using System.Reflection;
using MathNet.Numerics.LinearAlgebra;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>Records compare as they read: equal parts, lists included, make equal records.</summary>
public sealed class RecordEqualityTests
{
    private static readonly ImageInput[] s_images = [.. Enumerable.Range(0, 5).Select(i => ImageInput.FromBytes(new byte[] { (byte)i }))];

    /// <summary>Every public record with a list that a caller can make, by its name.</summary>
    public static TheoryData<string> Records => [.. RecordTypes().Select(type => type.FullName!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Presets_of_the_same_name_are_equal()
    {
        Assert.True(PreprocessSpec.Torch() == PreprocessSpec.Torch());
        Assert.Equal(PreprocessSpec.Torch().GetHashCode(), PreprocessSpec.Torch().GetHashCode());
        Assert.False(PreprocessSpec.Torch() == PreprocessSpec.Torch() with { Std = [1, 1, 2] });
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Records_with_equal_lists_are_equal(string name)
    {
        var type = RecordTypes().Single(one => one.FullName == name);
        var (one, other) = (Make(type, 1), Make(type, 1));
        Assert.True(one.Equals(other), $"two of {name} are not equal");
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        foreach (var property in Lists(type).Where(property => property.CanWrite))
        {
            var different = Make(type, 1);
            property.SetValue(different, Sample(property.PropertyType, 2));
            Assert.False(one.Equals(different), $"{name}.{property.Name} is not compared");
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_keeps_a_list_as_it_was_given(string name)
    {
        var type = RecordTypes().Single(one => one.FullName == name);
        foreach (var property in Lists(type).Where(property => property.CanWrite && property.PropertyType.IsInterface))
        {
            var record = Make(type, 1);
            var given = (Array)Sample(property.PropertyType, 1)!;
            property.SetValue(record, given);
            given.SetValue(given.GetValue(1), 0);
            Assert.True(record.Equals(Make(type, 1)), $"{name}.{property.Name} changes with the list that it was made of");
        }
    }

    [Fact]
    public void The_records_with_lists_are_found() => Assert.Superset(
        new HashSet<string> { typeof(PreprocessSpec).FullName!, "OnnxTransfer.EmbeddedImage", "OnnxTransfer.TrainingOptions", "OnnxTransfer.Conversion.KerasOptions" },
        RecordTypes().Select(type => type.FullName!).ToHashSet());

    private static IEnumerable<Type> RecordTypes() =>
        PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => PublicSurface.IsRecord(type) && !type.IsAbstract && type.GetConstructors().Length > 0 && Lists(type).Any());

    private static IEnumerable<PropertyInfo> Lists(Type type) =>
        type.GetProperties().Where(property => property.GetMethod is { IsStatic: false } && property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType));

    /// <summary>A record all of whose parts are new but equal for the same seed.</summary>
    private static object Make(Type type, int seed)
    {
        var constructor = type.GetConstructors().OrderByDescending(one => one.GetParameters().Length).First();
        var record = constructor.Invoke([.. constructor.GetParameters().Select(parameter => Sample(parameter.ParameterType, seed))]);
        foreach (var property in Lists(type).Where(property => property.CanWrite)) property.SetValue(record, Sample(property.PropertyType, seed));
        return record;
    }

    private static object? Sample(Type type, int seed)
    {
        if (type == typeof(string)) return new string((char)('a' + seed), 3);
        if (type == typeof(Vector<float>)) return Vector<float>.Build.Dense(2, seed);
        if (type == typeof(Matrix<float>)) return Matrix<float>.Build.Dense(2, 2, seed);
        if (type == typeof(ImageInput)) return s_images[seed];
        if (Nullable.GetUnderlyingType(type) is { } inner) return Sample(inner, seed);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(0);
        if (type.IsPrimitive) return Convert.ChangeType(seed, type, null);
        if (typeof(IEnumerable).IsAssignableFrom(type))
        {
            var element = type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[0];
            var list = Array.CreateInstance(element, 3);
            for (var i = 0; i < list.Length; i++) list.SetValue(Sample(element, seed + i), i);
            return list;
        }

        if (PublicSurface.IsRecord(type)) return Make(type, seed);
        return null;
    }
}
