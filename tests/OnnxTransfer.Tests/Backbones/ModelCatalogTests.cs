using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>What holds for every entry, so that adding a model is adding data.</summary>
public sealed class ModelCatalogTests
{
    private static readonly string[] s_licenses = ["Apache-2.0", "MIT"];

    public static TheoryData<string> Ids => [.. ModelCatalog.Default.Entries.Select(entry => entry.Id)];

    [Fact]
    public void IdsAreUniqueAndTheDefaultBackboneComesFirst()
    {
        var ids = ModelCatalog.Default.Entries.Select(entry => entry.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal("mobilenet-v2", ids[0]);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void EntryHasALicenseThatAllowsUse(string id) => Assert.Contains(Find(id).Card.License, s_licenses);

    [Theory]
    [MemberData(nameof(Ids))]
    public void EntryHasAnOriginThatCanBeVerified(string id)
    {
        var entry = Find(id);
        Assert.Matches("^[0-9a-f]{64}$", entry.Card.Sha256);
        Assert.InRange(entry.Bytes, 1_000_000, 1_000_000_000);
        if (entry.Package is { } package)
        {
            Assert.True(File.Exists(Repository.PathOf("packaging", package, $"{package}.csproj")), package);
            Assert.Empty(entry.Mirrors);
        }
        else
        {
            Assert.NotEmpty(entry.Mirrors);
            Assert.Equal(entry.Mirrors.Count, entry.Mirrors.Distinct().Count());
            Assert.All(entry.Mirrors, url => Assert.Equal(Uri.UriSchemeHttps, url.Scheme));
            Assert.All(entry.Mirrors, url => Assert.EndsWith(".onnx", url.AbsolutePath, StringComparison.Ordinal));
            // A network without classes of its own has no accuracy on ImageNet.
            if (entry.Card.Classes is null) return;
            Assert.InRange(entry.Top1!.Value, 50, 95);
            Assert.NotNull(entry.AccuracySource);
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void EntryHasTensorsAndPreprocessingThatFit(string id)
    {
        var card = Find(id).Card;
        Assert.InRange(card.Features.Dim, 256, 4096);
        Assert.Equal(new ImageSize(card.Input.Width, card.Input.Height), card.Preprocess.OutputSize);
        Assert.DoesNotContain(0.0, card.Preprocess.Std);
        Assert.NotEqual(card.Input.Tensor, card.Features.Tensor);
        var (mean, std, scale) = (card.Preprocess.Mean, card.Preprocess.Std, card.Preprocess.Rescale);
        if (id == "resnet18")
        {
            // It subtracts a whole image of means, which is in its graph, and so takes bare pixels.
            Assert.Equal((1.0, "0 0 0", "1 1 1"), (scale, string.Join(' ', mean), string.Join(' ', std)));
        }
        else
        {
            // The darkest and the brightest pixel lie on either side of zero, as every one of these networks was trained.
            for (var c = 0; c < 3; c++)
            {
                Assert.InRange(-mean[c] / std[c], -3, -0.9);
                Assert.InRange(((255 * scale) - mean[c]) / std[c], 0.9, 3);
            }
        }
    }

    [Fact]
    public void EmbeddedCatalogIsTheRepositorys()
    {
        var file = ModelCatalog.Parse(File.ReadAllBytes(Repository.PathOf("onnx-models", "catalog.json")), "file");
        Assert.Equal(file.Entries.Select(entry => entry.Card.ToJson()), ModelCatalog.Default.Entries.Select(entry => entry.Card.ToJson()));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void EntryIsInTheReadme(string id)
    {
        var readme = File.ReadAllText(Repository.PathOf("onnx-models", "README.md"));
        Assert.Contains($"| `{id}` |", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void IdIsFoundWhateverItsCase()
    {
        Assert.Equal("resnet50-v2", Find("ResNet50-V2").Id);
        Assert.False(ModelCatalog.Default.TryFind("mobilenetv2", out _));
    }

    [Theory]
    [InlineData("\"schema\": 1", "\"schema\": 2", "schema 1")]
    [InlineData("\"bytes\": 5,", "", "models[0].bytes")]
    [InlineData("\"bytes\": 5,", "\"bytes\": 5, \"package\": \"P\",", "either mirrors or a package")]
    [InlineData("\"mirrors\": [\"https://a/b.onnx\"],", "", "either mirrors or a package")]
    [InlineData("https://a/b.onnx", "http://a/b.onnx", "models[0].mirrors[0]")]
    [InlineData("\"id\": \"x\"", "\"id\": \"../x\"", "'../x'")]
    [InlineData("\"license\": \"MIT\",", "", "models[0].card.license")]
    [InlineData("\"name\": \"X\",", "", "models[0].name")]
    [InlineData("\"tensor\": \"f\"", "\"tensor\": \"\"", "models[0].card.features.tensor")]
    public void WrongCatalogIsRefusedByField(string find, string replacement, string wanted)
    {
        Assert.Contains(find, Minimal, StringComparison.Ordinal);
        var json = Minimal.Replace(find, replacement, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidModelException>(() => ModelCatalog.Parse(Encoding.UTF8.GetBytes(json), "my.json"));
        Assert.Contains("my.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdThatOccursTwiceIsRefused()
    {
        var start = Minimal.IndexOf('[', StringComparison.Ordinal) + 1;
        var entry = Minimal[start..Minimal.LastIndexOf(']')];
        var twice = Minimal.Insert(start, entry + ",");
        var error = Assert.Throws<InvalidModelException>(() => ModelCatalog.Parse(Encoding.UTF8.GetBytes(twice), "my.json"));
        Assert.Contains("'x' occurs twice", error.Message, StringComparison.Ordinal);
    }

    private static CatalogEntry Find(string id) => ModelCatalog.Default.TryFind(id, out var entry) ? entry : throw new ArgumentException(id);

    private static readonly string Minimal = $$"""
        { "schema": 1, "models": [{
          "name": "X", "bytes": 5, "mirrors": ["https://a/b.onnx"],
          "card": { "id": "x", "license": "MIT", "sha256": "{{new string('0', 64)}}",
            "input": { "tensor": "in", "layout": "NCHW", "height": 4, "width": 4 },
            "features": { "tensor": "f", "dim": 8 },
            "preprocess": { "resize": { "mode": "stretch", "filter": "nearest", "height": 4, "width": 4 },
              "crop": null, "rescale": 1, "mean": [0, 0, 0], "std": [1, 1, 1], "channels": "RGB" } } }] }
        """;
}
