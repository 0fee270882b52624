using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>Every C# block of every page compiles, and where the real photos are it runs.</summary>
public sealed class SnippetTests : IClassFixture<SnippetTests.Photos>
{
    private readonly Photos _photos;

    public SnippetTests(Photos photos) => _photos = photos;

    public static TheoryData<string, int> Snippets
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var snippet in All()) data.Add(snippet.Page, snippet.Line);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_snippet_compiles_without_a_warning(string page, int line) => Assert.Empty(Find(page, line).Compile().Complaints);

    [SharedTheory("data/flowers")]
    [MemberData(nameof(Snippets))]
    public void A_snippet_runs(string page, int line)
    {
        var snippet = Find(page, line);
        // A page names the catalog's network; the shared copy of the same network stands for its download.
        var (assembly, _) = (snippet with { Code = snippet.Code.Replace("\"mobilenet-v2\"", $"@\"{Photos.Backbone}\"", StringComparison.Ordinal) }).Compile();
        _photos.Enter();
        Snippet.Run(assembly, ["flower_photos", "unknown.jpg"]);
    }

    [SharedFact("data/flowers")]
    public void The_first_program_sees_a_cat()
    {
        var first = Snippet.In(Repository.Root, Path.Combine("docs", "getting-started.md")).First();
        _photos.Enter();
        var (assembly, _) = (first with { Code = first.Code.Replace("\"mobilenet-v2\"", $"@\"{Photos.Backbone}\"", StringComparison.Ordinal) }).Compile();
        Assert.Contains("cat", Snippet.Run(assembly, []), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_sample_is_the_program_of_getting_started() =>
        Assert.Equal(
            File.ReadAllText(Repository.PathOf("samples", "OnnxTransfer.QuickStart", "Program.cs")).ReplaceLineEndings("\n").TrimEnd(),
            Snippet.In(Repository.Root, Path.Combine("docs", "getting-started.md")).ElementAt(1).Code);

    [Fact]
    public void The_readme_and_the_packages_pages_have_snippets()
    {
        var pages = All().Select(snippet => snippet.Page).ToHashSet();
        Assert.Contains("README.md", pages);
        Assert.Contains(Path.Combine("packaging", "OnnxTransfer", "PACKAGE.md"), pages);
        Assert.Contains(Path.Combine("docs", "getting-started.md"), pages);
    }

    [Theory]
    [InlineData("int x = \"text\";")]
    [InlineData("string text = null;")]
    [InlineData("using OnnxTransfer.Onnx; OnnxModel.Load(\"x\");")]
    public void A_wrong_program_or_one_that_needs_internals_is_found(string code) => Assert.NotEmpty(new Snippet("page.md", 1, code).Compile().Complaints);

    private static Snippet Find(string page, int line) => Snippet.In(Repository.Root, page).Single(snippet => snippet.Line == line);

    private static IEnumerable<Snippet> All() =>
        Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories))
            .Concat(new[] { "src", "packaging" }.SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "PACKAGE.md", SearchOption.AllDirectories)))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal)
            .SelectMany(page => Snippet.In(Repository.Root, page));

    /// <summary>A folder with the files that the pages name: a few photos of each class, one more, and a trained classifier.</summary>
    public sealed class Photos : IDisposable
    {
        private const int PerClass = 12;
        private readonly Lazy<string> _folder = new(Make);

        internal static string Backbone => Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx");

        public void Dispose()
        {
            Environment.CurrentDirectory = AppContext.BaseDirectory;
            if (_folder.IsValueCreated) Directory.Delete(_folder.Value, recursive: true);
        }

        /// <summary>Makes the folder the current one.</summary>
        internal void Enter() => Environment.CurrentDirectory = _folder.Value;

        private static string Make()
        {
            var folder = Directory.CreateTempSubdirectory("onnxtransfer-pages-").FullName;
            foreach (var from in Directory.EnumerateDirectories(Repository.SharedPath("data", "flowers")))
            {
                var to = Directory.CreateDirectory(Path.Combine(folder, "flower_photos", Path.GetFileName(from))).FullName;
                foreach (var file in Directory.EnumerateFiles(from).Order(StringComparer.Ordinal).Take(PerClass)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }

            var rows = Directory.EnumerateFiles(Path.Combine(folder, "flower_photos"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Select((file, i) => $"{Path.GetRelativePath(folder, file)},{Path.GetFileName(Path.GetDirectoryName(file))},{(i % 4 == 0 ? "test" : "train")}");
            File.WriteAllLines(Path.Combine(folder, "labels.csv"), ["path,species,fold", .. rows]);
            File.Copy(Repository.SharedPath("data", "cat_720p.jpg"), Path.Combine(folder, "cat.jpg"));
            File.Copy(Directory.EnumerateFiles(Repository.SharedPath("data", "flowers", "tulips")).Order(StringComparer.Ordinal).Last(), Path.Combine(folder, "unknown.jpg"));
            using var extractor = FeatureExtractor.Load(Backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
            var result = ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Path.Combine(folder, "flower_photos")), new TrainingPlan()).GetAwaiter().GetResult();
            result.Classifier.Save(Path.Combine(folder, "flowers.onnx"));
            return folder;
        }
    }
}
