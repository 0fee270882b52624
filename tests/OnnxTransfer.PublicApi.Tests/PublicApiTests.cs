using System.Reflection;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>The public surface changes only together with the file that a reviewer reads.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        var approved = Repository.PathOf("tests", "OnnxTransfer.PublicApi.Tests", "PublicApi.approved.txt");
        var actual = string.Concat(PublicSurface.Assemblies.Select(assembly => $"# {assembly.GetName().Name}\n\n{PublicSurface.Of(assembly)}"));
        var expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        if (actual == expected) return;

        var received = Path.Combine(AppContext.BaseDirectory, "PublicApi.received.txt");
        File.WriteAllText(received, actual);
        Assert.Fail(
            $"The public surface has changed:\n\n{Difference(expected.Split('\n'), actual.Split('\n'))}\n" +
            $"Where a user can live with that, approve it and say it in CHANGELOG.md:\n  cp {received} {approved}");
    }

    [Fact]
    public void The_surface_tells_what_a_caller_can_write()
    {
        var lines = PublicSurface.Of(typeof(FeatureExtractor).Assembly).Split('\n').Select(line => line.Trim()).ToList();
        Assert.Contains("public required OnnxTransfer.ResizeFilter Filter { get; init; }", lines);
        Assert.Contains("public static OnnxTransfer.FeatureExtractor Load(string model, OnnxTransfer.FeatureExtractorOptions? options = null) { }", lines);
        Assert.Contains("public sealed class FeatureExtractor : System.IAsyncDisposable, System.IDisposable", lines);
        Assert.Contains("Cuda = 2,", lines);
        // Null within a type argument, which reflection on the type alone does not give.
        Assert.Contains(lines, line => line.Contains("Task<string?> VerifyAsync", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("PrintMembers", StringComparison.Ordinal) || line.Contains("get_", StringComparison.Ordinal));
        Assert.Matches(@"TupleElementNames[^\n]*\n?[^\n]*First[^\n]*\n?[^\n]*Second", PublicSurface.Of(typeof(PublicApiTests).Assembly));
    }

    /// <summary>No member of the packages has a tuple; this one shows that the names of one would be told.</summary>
    public sealed class OfTuple
    {
        /// <summary>A pair.</summary>
        public (int First, int Second) Pair { get; init; }
    }

    [Fact]
    public void No_public_member_has_a_tuple_in_its_signature()
    {
        Assert.Contains(PublicSurface.SignatureTypes(typeof(PublicApiTests).GetMethod(nameof(HasTuple), BindingFlags.NonPublic | BindingFlags.Static)!), PublicSurface.IsTuple);
        var tuples =
            from assembly in PublicSurface.Assemblies
            from type in assembly.GetExportedTypes()
            from member in PublicSurface.ReachableMembers(type)
            where PublicSurface.SignatureTypes(member).Any(PublicSurface.IsTuple)
            select $"{type.Name}.{member.Name}";
        Assert.Empty(tuples);
    }

    [Fact]
    public void Every_exception_of_ours_has_the_common_base()
    {
        var exceptions = PublicSurface.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(typeof(Exception).IsAssignableFrom).ToList();
        Assert.Equal(8, exceptions.Count);
        Assert.All(exceptions, type => Assert.True(typeof(OnnxTransferException).IsAssignableFrom(type), $"{type.Name} is no OnnxTransferException"));
    }

    [Fact]
    public void What_goes_wrong_with_a_model_is_told_apart()
    {
        var folder = Directory.CreateTempSubdirectory("onnxtransfer-").FullName;
        try
        {
            var broken = Path.Combine(folder, "broken.onnx");
            File.WriteAllText(broken, "no model");
            Assert.Throws<ModelNotFoundException>(() => FeatureExtractor.Load(Path.Combine(folder, "missing.onnx")));
            Assert.Throws<ModelNotFoundException>(() => ImageClassifier.Load(Path.Combine(folder, "missing.onnx")));
            Assert.Throws<InvalidModelException>(() => FeatureExtractor.Load(broken));
            Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(broken));
            Assert.Throws<InvalidModelException>(() => ModelFile.Open(broken));
            Assert.Throws<ProviderUnavailableException>(() => FeatureExtractor.Load("resnet18", new FeatureExtractorOptions { Provider = ExecutionProvider.DirectMl }));
            Assert.Throws<DatasetException>(() => ImageDataset.FromFolder(folder));
            Assert.Throws<ImageDecodeException>(() => ImageDecoders.Default.Decode("no image"u8));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<IReadOnlyList<(int, int)[]>>? HasTuple() => null;

    /// <summary>The lines that only one side has, each under the type it belongs to.</summary>
    private static string Difference(string[] expected, string[] actual)
    {
        var (before, after) = (Qualified(expected), Qualified(actual));
        return string.Join('\n', before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line)).Order(StringComparer.Ordinal)) + "\n";

        static List<string> Qualified(string[] lines)
        {
            var (header, result) = ("", new List<string>());
            foreach (var line in lines.Where(line => line.Trim() is not ("" or "{" or "}")))
            {
                var isMember = line.StartsWith("        ", StringComparison.Ordinal);
                if (!isMember) header = line.Trim();
                result.Add(isMember ? $"{header}: {line.Trim()}" : header);
            }

            return result;
        }
    }
}
