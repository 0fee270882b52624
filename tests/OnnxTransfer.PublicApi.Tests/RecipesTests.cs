using System.Text.RegularExpressions;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>The programs of docs/recipes.md print what the page says that they do.</summary>
[Collection(nameof(PagePhotos))]
public sealed class RecipesTests(PagePhotos photos)
{
    internal static readonly string Page = Path.Combine("docs", "recipes.md");

    [Theory]
    [InlineData(1, @"roses[\\/][^\n]*: (roses|daisy|dandelion|sunflowers|tulips)\n[\s\S]*accuracy on the test set: \d+ ?%")]
    [InlineData(2, @"^60 photos, accuracy on the test set \d+ ?%\n$")]
    [InlineData(3, @"^200 \{""label"":""\w+"",""probability"":0\.\d+\}\n400 [^\n]*\n$")]
    [InlineData(4, @"^15 images in the test set, \d+ right\n")]
    [InlineData(5, @"^accuracy in 5 folds: \d+ ?%\nTrue\n$")]
    [InlineData(6, @"^(514|1282) numbers, \w+\n$")]
    [InlineData(7, @"^0\.\d{3} flower_photos[\\/][^\n]*\n0\.\d{3} [^\n]*\n0\.\d{3} [^\n]*\n$")]
    [InlineData(8, @"^(roses|daisy|dandelion|sunflowers|tulips)\n$")]
    [InlineData(9, @"^12 vectors of 512 numbers by resnet18\n$")]
    [InlineData(10, @"^canceled\n60 vectors, (?!0 )\d+ of them from the canceled run\n$")]
    public void A_recipe_prints_what_it_promises(int number, string expected) =>
        Assert.Matches(new Regex(expected), photos.Run(Snippet.In(Repository.Root, Page).ElementAt(number - 1)).ReplaceLineEndings("\n"));

    [Fact]
    public void There_are_ten() => Assert.Equal(10, Snippet.In(Repository.Root, Page).Count());
}
