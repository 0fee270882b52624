using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace OnnxTransfer.Tests;

/// <summary>
/// A record with one property changed, for each property of it and of the records inside it: what a key or a fingerprint must
/// tell apart. A property that somebody adds is among them without being named here.
/// </summary>
internal static class Variations
{
    /// <summary>Copies of a record, each with one number, name, flag or list changed, by its path such as <c>Preprocess.Mean</c>.</summary>
    /// <param name="record">Where to start from.</param>
    /// <param name="filled">Values for properties that are null, by path: of what is not there nothing can be changed.</param>
    internal static IReadOnlyDictionary<string, T> Of<T>(T record, IReadOnlyDictionary<string, object>? filled = null) where T : class =>
        Of(record, "", filled ?? new Dictionary<string, object>()).ToDictionary(one => one.Path, one => (T)one.Record);

    private static IEnumerable<(string Path, object Record)> Of(object record, string prefix, IReadOnlyDictionary<string, object> filled)
    {
        foreach (var property in Settable(record.GetType()))
        {
            var path = prefix + property.Name;
            var value = property.GetValue(record);
            if (value is null)
            {
                yield return (path, With(record, property, filled.TryGetValue(path, out var given) ? given : Other(property.PropertyType, null, path)));
            }
            else if (Settable(value.GetType()).Any())
            {
                foreach (var (inner, changed) in Of(value, path + ".", filled)) yield return (inner, With(record, property, changed));
            }
            else
            {
                yield return (path, With(record, property, filled.TryGetValue(path, out var given) ? given : Other(property.PropertyType, value, path)));
            }
        }
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        IsRecord(type) ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null) : [];

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Public) is not null;

    private static object With(object record, PropertyInfo property, object value)
    {
        var copy = record.GetType().IsValueType
            ? RuntimeHelpers.GetObjectValue(record)
            : record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        property.SetValue(copy, value);
        return copy;
    }

    /// <summary>Another value of a type, and one that passes for a size, a fraction and a count alike.</summary>
    private static object Other(Type type, object? value, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            bool flag => !flag,
            int number => number == 0 ? 1 : number - 1,
            byte number => (byte)(number ^ 1),
            long number => number - 1,
            double number => number is > 0 and <= 1 ? number / 2 : number + 0.5,
            string text => text + "x",
            Enum one => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(one)),
            TimeSpan time => time / 2,
            IReadOnlyList<double> list => list.Select((number, i) => i == list.Count - 1 ? number / 4 : number).ToList(),
            IReadOnlyList<int> { Count: 0 } => new List<int> { 3 },
            IReadOnlyList<string> { Count: 0 } => new List<string> { "x" },
            IEnumerable => throw new NotSupportedException($"How {path} is to be changed is not known: give it a value in the test."),
            null when type == typeof(bool) => true,
            null when type == typeof(int) => 3,
            null when type == typeof(double) => 0.25,
            null when type == typeof(string) => "x",
            null when type.IsEnum => Enum.GetValues(type).GetValue(0)!,
            _ => throw new NotSupportedException($"How {path} of type {type.Name} is to be changed is not known: give it a value in the test."),
        };
    }
}
