using System.Reflection;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>What members are called: American spelling, and the same name for the same thing.</summary>
public sealed class NamesTests
{
    /// <summary>Methods that read or write files or open networks, and have no asynchronous form.</summary>
    private static readonly string[] s_withoutAsync =
    [
        // A listing is quick, or belongs on a thread of the caller's; there is nothing to wait for but the disk.
        "ImageDataset.Open",
        // Tools for one picture or one file, used at a desk.
        "Explanation.Save", "FeatureMatrix.SaveNpy", "FeatureMatrix.LoadNpy",
    ];

    private static readonly string[] s_doors = ["Load", "Open", "Save", "From", "WriteReport"];

    [Theory]
    [InlineData(typeof(FeatureExtractor))]
    [InlineData(typeof(Conversion.TfLiteConverter))]
    [InlineData(typeof(Vips.VipsDecoder))]
    [InlineData(typeof(Heic.HeicDecoder))]
    public void Names_have_American_spelling(Type inAssembly) => Assert.Empty(AmericanSpelling.Violations(inAssembly.Assembly));

    [Theory]
    [InlineData("HeatColours")]
    [InlineData("grey16")]
    [InlineData("s_licences")]
    [InlineData("LabelledFeatures")]
    [InlineData("Cancelled")]
    [InlineData("PushVectorised")]
    [InlineData("Normalisation")]
    [InlineData("initialise")]
    [InlineData("optimiser")]
    [InlineData("The_catalogue_is_there")]
    public void British_spelling_is_found(string name) => Assert.True(AmericanSpelling.IsBritish(name));

    [Theory]
    [InlineData("HeatColors")]
    [InlineData("CancellationToken")]
    [InlineData("Rise")]
    [InlineData("IsRaised")]
    [InlineData("NoisyPixels")]
    [InlineData("Noise")]
    [InlineData("Precise")]
    [InlineData("Elementwise")]
    [InlineData("otherwise")]
    [InlineData("Precision")]
    [InlineData("CenterCrop")]
    [InlineData("Raise")]
    [InlineData("Egress")]
    public void American_spelling_is_not(string name) => Assert.False(AmericanSpelling.IsBritish(name));

    [Fact]
    public void Every_door_has_a_form_that_waits_and_one_that_does_not()
    {
        var missing =
            from type in PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes())
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where IsDoor(method) && !s_withoutAsync.Contains($"{type.Name}.{method.Name}") && !HasAsync(type, method)
            select $"{type.Name}.{method.Name}";
        Assert.Empty(missing);
        Assert.True(HasAsync(typeof(FeatureExtractor), typeof(FeatureExtractor).GetMethod("Load")!));
        Assert.All(s_withoutAsync, name => Assert.False(HasAsync(Type(name), Type(name).GetMethod(name.Split('.')[1])!), $"{name} has an asynchronous form"));

        static Type Type(string name) => PublicSurface.Assemblies[0].GetExportedTypes().Single(type => type.Name == name.Split('.')[0]);
    }

    [Fact]
    public void Every_asynchronous_door_has_the_parameters_of_the_other_and_a_token()
    {
        var methods = PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)).ToList();
        Assert.Contains(methods, method => method.Name == nameof(FeatureExtractor.EmbedAsync));
        Assert.All(methods.Where(method => method.Name.EndsWith("Async", StringComparison.Ordinal) && method.Name != "DisposeAsync"),
            method => Assert.Equal(typeof(CancellationToken), method.GetParameters()[^1].ParameterType));
        Assert.All(methods.Where(method => typeof(Task).IsAssignableFrom(method.ReturnType)), method => Assert.EndsWith("Async", method.Name, StringComparison.Ordinal));
    }

    /// <summary>A method that reads or writes a file or a model by its name.</summary>
    private static bool IsDoor(MethodInfo method) =>
        s_doors.Any(door => method.Name.StartsWith(door, StringComparison.Ordinal))
        && !method.Name.EndsWith("Async", StringComparison.Ordinal)
        && method.GetParameters() is [{ ParameterType: var first, Name: "path" or "model" }, ..] && first == typeof(string)
        // What lists files and what names one have nothing to open.
        && method.DeclaringType!.Name is not ("ImageInput" or "ImageListing") && !(method.DeclaringType.Name == "ImageDataset" && method.Name.StartsWith("From", StringComparison.Ordinal));

    private static bool HasAsync(Type type, MethodInfo method)
    {
        var parameters = method.GetParameters().Select(one => one.ParameterType).ToList();
        return type.GetMethods().Any(other =>
            other.Name == method.Name + "Async" && other.IsStatic == method.IsStatic
            && (method.ReturnType == typeof(void) ? other.ReturnType == typeof(Task) : other.ReturnType == typeof(Task<>).MakeGenericType(method.ReturnType))
            && other.GetParameters().Select(one => one.ParameterType).Take(parameters.Count).SequenceEqual(parameters)
            && other.GetParameters()[^1].ParameterType == typeof(CancellationToken));
    }
}
