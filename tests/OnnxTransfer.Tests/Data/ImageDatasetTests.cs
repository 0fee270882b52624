using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

public sealed class ImageDatasetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Classes_are_subfolders_in_ordinal_order()
    {
        Touch("b/1.jpg", "a/1.jpg", "B/1.jpg", "ä/1.jpg", "a b/1.jpg");
        Assert.Equal(["B", "a", "a b", "b", "ä"], Open().Classes);
        Assert.Equal(["B", "a", "a b", "b", "ä"], Open().Images.Select(image => image.Label));
    }

    [Fact]
    public void Images_are_ordered_by_class_then_path_and_keep_the_given_root()
    {
        Touch("b/2.jpg", "b/10.jpg", "b/1/z.jpg", "a/x.png");
        var photos = Open();
        Assert.Equal(["a/x.png", "b/1/z.jpg", "b/10.jpg", "b/2.jpg"], photos.Images.Select(Relative));
        Assert.Equal(["a", "b", "b", "b"], photos.Images.Select(image => image.Label));
        Assert.All(photos.Images, image => Assert.StartsWith(_folder.Path, image.Id, StringComparison.Ordinal));
        Assert.False(photos.HasSplits);
    }

    [Fact]
    public void A_name_that_promises_an_image_is_enough_whatever_its_case()
    {
        Touch("a/1.JPG", "a/2.Jpeg", "a/3.png", "a/4.BMP", "a/5.gif", "a/6.webp", "a/7.tif", "a/8.TIFF", "a/9.heic", "a/A.avif", "a/B.heif", "a/C.jfif", "a/D.jpe");
        Touch("b/1.jpg");
        Assert.Equal(14, Open().Images.Count);
        Assert.Empty(Open().Unused);
    }

    [Fact]
    public void Content_makes_an_image_of_a_file_whose_name_promises_nothing()
    {
        Touch("a/1.jpg", "b/1.jpg");
        var png = TestImage.NoisyPng(4, 4, (1, 2, 3), 1);
        foreach (var name in new[] { "noextension", "photo.jpg?w=200", "notes.txt", "archive.zip", "image.dat" }) File.WriteAllBytes(_folder.File("a", name), png);
        Assert.Equal(["a/1.jpg", "a/archive.zip", "a/image.dat", "a/noextension", "a/notes.txt", "a/photo.jpg?w=200"], Open().Images.Where(image => image.Label == "a").Select(Relative));
        Assert.Empty(Open().Unused);
    }

    [Theory]
    [InlineData("notes.txt", "hello", UnusedKind.Text)]
    [InlineData("noextension", "BM is how this text begins, and some bitmaps.", UnusedKind.Text)]
    [InlineData("table.xlsx", "PK\u0003\u0004", UnusedKind.Document)]
    [InlineData("film.mp4", "\0\0\0\u0018ftypisom\0\0\0\0", UnusedKind.Video)]
    [InlineData("film", "\0\0\0\u0018ftypisom\0\0\0\0", UnusedKind.Video)]
    [InlineData("paper", "%PDF-1.7", UnusedKind.Document)]
    [InlineData("data.gz", "\u001f", UnusedKind.Archive)]
    [InlineData("photo.nef", "II*\0", UnusedKind.RawPhoto)]
    [InlineData("weights.bin", "\u0001\u0002\u0003", UnusedKind.Other)]
    [InlineData(".DS_Store", "\0", UnusedKind.Hidden)]
    [InlineData("Thumbs.db", "x", UnusedKind.Hidden)]
    [InlineData("._1.jpg", "x", UnusedKind.Hidden)]
    public void What_is_no_image_is_listed_by_kind(string name, string content, UnusedKind kind)
    {
        Touch("a/1.jpg", "b/1.jpg");
        File.WriteAllText(_folder.File("a", name), content);
        var photos = Open();
        Assert.Equal(2, photos.Images.Count);
        var unused = Assert.Single(photos.Unused);
        Assert.Equal((Path.Combine(_folder.Path, "a", name), kind), (unused.Path, unused.Kind));
        Assert.EndsWith(".", unused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_folders_and_images_outside_of_the_classes_are_listed()
    {
        Touch("a/1.jpg", "b/1.jpg", ".git/1.jpg", "__MACOSX/a/1.jpg", "a/.thumbnails/1.jpg", "stray.jpg");
        var photos = Open();
        Assert.Equal(["a", "b"], photos.Classes);
        Assert.Equal(
            [(".git", UnusedKind.Hidden), ("__MACOSX", UnusedKind.Hidden), ("a/.thumbnails", UnusedKind.Hidden), ("stray.jpg", UnusedKind.Unlabeled)],
            photos.Unused.Select(file => (Relative(file.Path), file.Kind)).Order());
    }

    [Fact]
    public void A_link_to_a_folder_is_followed_and_a_loop_or_a_broken_link_is_listed()
    {
        Touch("a/1.jpg", "b/1.jpg", "elsewhere-2/deep/2.jpg");
        Link("a/more", "elsewhere-2");
        Link("a/up", ".");
        Link("b/self", "b");
        File.CreateSymbolicLink(_folder.File("a", "lost.jpg"), Path.Combine(_folder.Path, "nowhere.jpg"));
        File.CreateSymbolicLink(_folder.File("a", "circle.jpg"), _folder.File("a", "circle.jpg"));
        File.CreateSymbolicLink(_folder.File("a", "linked.jpg"), _folder.File("b", "1.jpg"));
        var photos = Open();
        var below = photos.Images.Select(Relative).ToList();
        Assert.Contains("a/more/deep/2.jpg", below);
        Assert.Contains("a/linked.jpg", below);
        Assert.DoesNotContain(below, path => path.Contains("self", StringComparison.Ordinal) || path.Contains("up", StringComparison.Ordinal));
        var broken = photos.Unused.Where(file => file.Kind == UnusedKind.BrokenLink).Select(file => Relative(file.Path)).ToList();
        foreach (var path in new[] { "a/lost.jpg", "a/circle.jpg", "b/self", "a/up" }) Assert.Contains(path, broken);
    }

    [UnixFact]
    public void A_pipe_a_socket_and_a_device_are_listed_and_never_opened()
    {
        Touch("a/1.jpg", "b/1.jpg");
        Shell($"mkfifo '{_folder.File("a", "pipe.jpg")}' '{_folder.File("a", "pipe")}'");
        File.CreateSymbolicLink(_folder.File("b", "link.jpg"), _folder.File("a", "pipe"));
        File.CreateSymbolicLink(_folder.File("b", "null.jpg"), "/dev/null");
        // Opening a pipe that nobody writes to would not come back.
        var photos = Within(TimeSpan.FromSeconds(30), Open);
        Assert.Equal(["a/1.jpg", "b/1.jpg"], photos.Images.Select(Relative));
        Assert.Equal(["a/pipe", "a/pipe.jpg", "b/link.jpg", "b/null.jpg"], photos.Unused.Select(file => Relative(file.Path)));
        Assert.All(photos.Unused, file => Assert.Equal(UnusedKind.NotAFile, file.Kind));
        Assert.Contains("named pipe", photos.Unused[0].Reason, StringComparison.Ordinal);
        Assert.Contains("device", photos.Unused[3].Reason, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_name_that_is_not_utf8_is_listed_with_what_to_do()
    {
        Touch("a/1.jpg", "b/1.jpg", "b/caf\uFFFD.jpg");
        Shell($"cd '{_folder.Path}' && mkdir \"$(printf 'caf\\351')\" && touch \"$(printf 'caf\\351/1.jpg')\" \"$(printf 'a/th\\351.jpg')\"");
        var photos = Open();
        Assert.Equal(["a/1.jpg", "b/1.jpg", "b/caf\uFFFD.jpg"], photos.Images.Select(Relative));
        Assert.Equal(["a/th\uFFFD.jpg", "caf\uFFFD"], photos.Unused.Select(file => Relative(file.Path)));
        Assert.All(photos.Unused, file => Assert.Equal(UnusedKind.UnreadableName, file.Kind));
        Assert.Contains("not UTF-8", photos.Unused[0].Reason, StringComparison.Ordinal);
        // .NET has no name for them either.
        Shell($"cd '{_folder.Path}' && rm -r \"$(printf 'caf\\351')\" \"$(printf 'a/th\\351.jpg')\"");
    }

    [Fact]
    public void A_missing_folder_a_file_and_a_folder_without_images_are_refused_by_name()
    {
        var path = Path.Combine(_folder.Path, "nowhere");
        Assert.Contains(path, Assert.Throws<DirectoryNotFoundException>(() => ImageDataset.FromFolder(path)).Message, StringComparison.Ordinal);
        Touch("a.jpg", ".hidden/1.jpg");
        Assert.Contains("is a file", Assert.Throws<DirectoryNotFoundException>(() => ImageDataset.FromFolder(_folder.File("a.jpg"))).Message, StringComparison.Ordinal);
        Assert.Contains("no sub-folders", Refusal(), StringComparison.Ordinal);
        Touch("a/1.jpg", "empty/readme.txt");
        Assert.Contains("'empty'", Refusal(), StringComparison.Ordinal);
        Assert.Throws<DatasetException>(() => ImageListing.FromFolder(Path.Combine(_folder.Path, "empty")));
    }

    [Fact]
    public void A_listing_takes_every_depth_in_ordinal_order_and_says_what_else_there_is()
    {
        Touch("z.jpg", "a/b/c.png", "a.jpg", "a/readme.md");
        var listing = ImageListing.FromFolder(_folder.Path);
        Assert.Equal(["a.jpg", "a/b/c.png", "z.jpg"], listing.Images.Select(image => Relative(image.Id)));
        Assert.Equal("a/readme.md", Relative(Assert.Single(listing.Unused).Path));
    }

    [Theory]
    [InlineData("train", "val", "test")]
    [InlineData("Train", "Valid", "TEST")]
    [InlineData("train", "validation", "test")]
    public void Folders_named_as_sets_with_the_same_classes_are_sets(string train, string validation, string test)
    {
        foreach (var set in new[] { train, validation, test }) Touch($"{set}/cat/1.jpg", $"{set}/dog/deep/2.jpg");
        Touch($"{train}/stray.jpg");
        var photos = Open();
        Assert.Equal(["cat", "dog"], photos.Classes);
        Assert.True(photos.HasSplits);
        Assert.Equal([DataSplit.Train, DataSplit.Train, DataSplit.Validation, DataSplit.Validation, DataSplit.Test, DataSplit.Test], photos.Images.Select(image => image.Split));
        Assert.Equal(["cat", "dog", "cat", "dog", "cat", "dog"], photos.Images.Select(image => image.Label));
        Assert.Equal($"{test}/dog/deep/2.jpg", Relative(photos.Images[5]));
        Assert.Equal(UnusedKind.Unlabeled, Assert.Single(photos.Unused).Kind);
        Assert.Contains($"{test} for test", photos.Description, StringComparison.Ordinal);
        Assert.Equal(2, photos.Only(DataSplit.Test).Images.Count);
        Assert.Throws<DatasetException>(() => photos.Only(DataSplit.Auto));
    }

    [Fact]
    public void A_class_may_be_called_as_a_set_beside_others()
    {
        Touch("bus/1.jpg", "car/1.jpg", "train/1.jpg");
        Assert.Equal(["bus", "car", "train"], Open().Classes);
        Assert.False(Open().HasSplits);
    }

    [Theory]
    [InlineData("train/cat/1.jpg train/dog/1.jpg test/cat/1.jpg test/bird/1.jpg", "'bird'")]
    [InlineData("train/cat/1.jpg train/dog/1.jpg test/cat/1.jpg test/bird/1.jpg", "'dog'")]
    [InlineData("train/cat/1.jpg train/dog/1.jpg test/1.jpg", "'test' has no class folders")]
    [InlineData("train/1.jpg test/1.jpg", "'train' has no class folders")]
    [InlineData("train/cat/1.jpg val/cat/1.jpg valid/cat/1.jpg", "two folders for the validation set")]
    [InlineData("val/cat/1.jpg test/cat/1.jpg", "no training set")]
    [InlineData("train/cat/1.jpg test/cat/1.jpg notes/1.jpg", "beside them the folders notes")]
    public void Sets_that_do_not_fit_together_are_refused_and_never_taken_for_classes(string files, string part)
    {
        Touch(files.Split(' '));
        Assert.Contains(part, Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_tells_the_class_and_lists_what_it_does_not_match()
    {
        Touch("great_dane_12.jpg", "deep/pug_7.jpg", "deep/pug_8.jpg", "unnumbered.jpg", "readme.md");
        var pets = ImageDataset.FromPattern(_folder.Path, @"(?<label>[^/]+)_\d+\.jpg$");
        Assert.Equal(["great_dane", "pug"], pets.Classes);
        Assert.Equal([("pug", "deep/pug_7.jpg"), ("pug", "deep/pug_8.jpg"), ("great_dane", "great_dane_12.jpg")], pets.Images.Select(image => (image.Label, Relative(image))));
        Assert.Equal([(UnusedKind.Text, "readme.md"), (UnusedKind.Unlabeled, "unnumbered.jpg")], pets.Unused.Select(file => (file.Kind, Relative(file.Path))));
    }

    [Fact]
    public void A_pattern_may_tell_the_set()
    {
        Touch("train/pug_7.jpg", "test/pug_8.jpg");
        var pets = ImageDataset.FromPattern(_folder.Path, @"^(?<split>\w+)/(?<label>[a-z]+)_\d+");
        Assert.Equal([DataSplit.Test, DataSplit.Train], pets.Images.Select(image => image.Split));
        Touch("extra/pug_9.jpg");
        Assert.Contains("'extra'", Assert.Throws<DatasetException>(() => ImageDataset.FromPattern(_folder.Path, @"^(?<split>\w+)/(?<label>[a-z]+)_\d+")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(?<label>[a-z")]
    [InlineData("(?<name>[a-z]+)")]
    public void A_wrong_pattern_is_refused_before_the_folder_is_looked_at(string pattern)
    {
        var error = Assert.Throws<ArgumentException>(() => ImageDataset.FromPattern("nowhere", pattern));
        Assert.Contains("(?<label>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_matches_nothing_shows_what_it_was_matched_against()
    {
        Touch("a/1.jpg");
        Assert.Contains("'a/1.jpg'", Assert.Throws<DatasetException>(() => ImageDataset.FromPattern(_folder.Path, "(?<label>x)")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Items_of_any_kind_keep_their_order_and_their_ids()
    {
        var items = ImageDataset.FromItems([new("b.jpg", "beta"), new(ImageInput.FromBytes(new byte[1], "row 7"), "alpha") { Weight = 2 }]);
        Assert.Equal(["alpha", "beta"], items.Classes);
        Assert.Equal(["b.jpg", "row 7"], items.Images.Select(image => image.Id));
        Assert.Equal(2, items.Images[1].Weight);
        Assert.Throws<DatasetException>(() => ImageDataset.FromItems([]));
        Assert.Throws<ArgumentNullException>(() => ImageDataset.FromItems([null!]));
        var mixed = Assert.Throws<DatasetException>(() => ImageDataset.FromItems([new("a.jpg", "a") { Split = DataSplit.Test }, new("b.jpg", "b")]));
        Assert.Contains("b.jpg", mixed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_labeled_image_has_a_label_and_a_weight_that_can_be_multiplied_with()
    {
        Assert.ThrowsAny<ArgumentException>(() => new LabeledImage("a.jpg", " "));
        foreach (var weight in new[] { -1, float.NaN, float.PositiveInfinity }) Assert.Throws<ArgumentOutOfRangeException>(() => new LabeledImage("a.jpg", "a") { Weight = weight });
    }

    [Fact]
    public void Sets_of_ones_own_are_added_where_the_classes_match()
    {
        ImageDataset Set(params string[] labels) => ImageDataset.FromItems(labels.Select(label => new LabeledImage(label + ".jpg", label)));
        var all = Set("a", "b").WithValidation(Set("b", "a")).WithTest(Set("a", "a", "b"));
        Assert.Equal([0, 0, 1, 1, 2, 2, 2], all.Images.Select(image => image.Split switch { DataSplit.Auto => 0, DataSplit.Validation => 1, _ => 2 }));
        var differ = Assert.Throws<DatasetException>(() => Set("a", "b").WithTest(Set("a", "c"))).Message;
        Assert.Contains("'c'", differ, StringComparison.Ordinal);
        Assert.Contains("'b'", differ, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => all.WithTest(Set("a", "b")));
        Assert.Throws<ArgumentException>(() => Set("a", "b").WithTest(all));
    }

    [Fact]
    public void Open_reads_a_folder_or_a_table_by_its_name()
    {
        Touch("a/1.jpg", "b/1.jpg");
        File.WriteAllText(_folder.File("t.csv"), "image,label\na/1.jpg,x\n");
        File.WriteAllText(_folder.File("t.tsv"), "image\tlabel\na/1.jpg\tx\n");
        File.WriteAllText(_folder.File("t.jsonl"), """{"image": "a/1.jpg", "label": "x"}""");
        Assert.Equal(["a", "b"], ImageDataset.Open(_folder.Path).Classes);
        foreach (var table in new[] { "t.csv", "t.tsv", "t.jsonl" }) Assert.Equal(["x"], ImageDataset.Open(_folder.File(table)).Classes);
        Assert.Contains(".csv", Assert.Throws<ArgumentException>(() => ImageDataset.Open(_folder.File("a", "1.jpg"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ImageDataset.Open(_folder.Path, label: "species"));
        Assert.Throws<FileNotFoundException>(() => ImageDataset.Open(Path.Combine(_folder.Path, "no.csv")));
        Assert.Throws<DirectoryNotFoundException>(() => ImageDataset.Open(Path.Combine(_folder.Path, "no")));
    }

    [UnixFact]
    public void Two_hundred_thousand_files_are_listed_in_seconds()
    {
        Shell($"cd '{_folder.Path}' && for c in a b; do mkdir $c && (cd $c && seq -f '%.0f.jpg' 1 100000 | xargs touch); done");
        var clock = Stopwatch.StartNew();
        var photos = Open();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}");
        Assert.Equal(200_000, photos.Images.Count);
    }

    [SharedFact("data/flowers")]
    public void Flowers_have_five_classes_of_120()
    {
        var flowers = ImageDataset.FromFolder(Repository.SharedPath("data", "flowers"));
        Assert.Equal(5, flowers.Classes.Count);
        Assert.All(flowers.Images.CountBy(image => image.Label), pair => Assert.Equal(120, pair.Value));
    }

    private ImageDataset Open() => ImageDataset.FromFolder(_folder.Path);

    private string Refusal() => Assert.Throws<DatasetException>(Open).Message;

    private string Relative(LabeledImage image) => Relative(image.Id);

    private string Relative(string path) => Path.GetRelativePath(_folder.Path, path).Replace('\\', '/');

    private void Link(string link, string target) => Directory.CreateSymbolicLink(Path.Combine(_folder.Path, link), Path.GetFullPath(Path.Combine(_folder.Path, target)));

    private void Touch(params string[] files)
    {
        foreach (var file in files) File.WriteAllBytes(_folder.File(file.Split('/')), []);
    }

    private static void Shell(string command)
    {
        using var process = Process.Start("/bin/sh", ["-c", command]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static T Within<T>(TimeSpan time, Func<T> action)
    {
        var task = Task.Run(action);
        Assert.True(task.Wait(time), $"did not end within {time}");
        return task.Result;
    }
}
