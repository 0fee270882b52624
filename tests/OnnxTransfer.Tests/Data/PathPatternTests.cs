using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

public sealed class PathPatternTests : IDisposable
{
    private static readonly string[] s_files =
        ["a.jpg", "b.png", "notes.txt", "roses/1.jpg", "roses/2.jpeg", "roses/deep/3.jpg", "roses/deep/more/4.png", "tulips/5.jpg", "tulips/[x].jpg", ".hidden/6.jpg", "roses/.7.jpg", "über/8.jpg"];

    private readonly TempFolder _folder = new();

    public PathPatternTests()
    {
        var png = TestImage.NoisyPng(4, 4, (1, 2, 3), 1);
        foreach (var file in s_files)
        {
            var path = _folder.File(file.Split('/'));
            if (file.EndsWith(".txt", StringComparison.Ordinal)) File.WriteAllText(path, "words");
            else File.WriteAllBytes(path, png);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("*.jpg", "a.jpg")]
    [InlineData("?.???", "a.jpg b.png")]
    [InlineData("[ab].*", "a.jpg b.png")]
    [InlineData("[!a].*", "b.png")]
    [InlineData("[a-b].jpg", "a.jpg")]
    [InlineData("*/*.jpg", "roses/1.jpg tulips/5.jpg tulips/[x].jpg über/8.jpg")]
    [InlineData("**/*.jpg", "a.jpg roses/1.jpg roses/deep/3.jpg tulips/5.jpg tulips/[x].jpg über/8.jpg")]
    [InlineData("roses/**/*.png", "roses/deep/more/4.png")]
    [InlineData("**/deep/**", "roses/deep/3.jpg roses/deep/more/4.png")]
    [InlineData("**/deep/*.jpg", "roses/deep/3.jpg")]
    [InlineData("r*", "roses/1.jpg roses/2.jpeg roses/deep/3.jpg roses/deep/more/4.png")]
    [InlineData("**", "a.jpg b.png roses/1.jpg roses/2.jpeg roses/deep/3.jpg roses/deep/more/4.png tulips/5.jpg tulips/[x].jpg über/8.jpg")]
    [InlineData("*/", "roses/1.jpg roses/2.jpeg roses/deep/3.jpg roses/deep/more/4.png tulips/5.jpg tulips/[x].jpg über/8.jpg")]
    // A name that exists is no pattern.
    [InlineData("tulips/[x].jpg", "tulips/[x].jpg")]
    [InlineData("tulips/[[]x].jpg", "tulips/[x].jpg")]
    [InlineData("?ber/*", "über/8.jpg")]
    public void A_pattern_names_files_and_whole_folders(string pattern, string expected) =>
        Assert.Equal(expected.Split(' '), Names(ImageListing.FromPattern(Path.Combine(_folder.Path, pattern))));

    [Fact]
    public void What_a_pattern_does_not_name_is_not_unused()
    {
        Assert.Empty(ImageListing.FromPattern(Path.Combine(_folder.Path, "*.jpg")).Unused);
        Assert.Equal(["notes.txt"], ImageListing.FromPattern(Path.Combine(_folder.Path, "*s*")).Unused.Where(file => file.Kind == UnusedKind.Text).Select(file => Path.GetFileName(file.Path)));
    }

    [UnixFact]
    public void A_pattern_opens_no_folder_that_it_cannot_name()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "roses", "back"), _folder.Path);
        Assert.Empty(ImageListing.FromPattern(Path.Combine(_folder.Path, "*.jpg")).Unused);
        // A link that leads back is found in a folder that is opened, and ends there.
        var all = ImageListing.FromPattern(Path.Combine(_folder.Path, "**", "*.jpg"));
        Assert.Contains(all.Unused, file => file.Kind == UnusedKind.BrokenLink);
        Assert.Contains("roses/1.jpg", Names(all));
    }

    [Theory]
    [InlineData("*.gif", "names no image: check")]
    [InlineData("no*es.txt", "names no image, but one other file: check")]
    public void A_pattern_without_images_is_an_error(string pattern, string words) =>
        Assert.Contains(words, Assert.Throws<DatasetException>(() => ImageListing.FromPattern(Path.Combine(_folder.Path, pattern))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pattern_in_a_folder_that_is_not_there_names_the_folder() =>
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => ImageListing.FromPattern(Path.Combine(_folder.Path, "nowhere", "*.jpg"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Sets_that_look_like_regular_expressions_are_names()
    {
        foreach (var name in new[] { "^", "a^b", "\\d", "(", "$", "+", "[", "[]", "[!]", "[^a]", "[a", "[\\]", "{1}" })
        {
            var error = Record.Exception(() => ImageListing.FromPattern(Path.Combine(_folder.Path, name + "*zzz")));
            Assert.True(error is DatasetException or DirectoryNotFoundException, $"{name}: {error}");
        }
    }

    private IEnumerable<string> Names(ImageListing listing) => listing.Images.Select(image => Path.GetRelativePath(_folder.Path, image.Id).Replace(Path.DirectorySeparatorChar, '/'));
}
