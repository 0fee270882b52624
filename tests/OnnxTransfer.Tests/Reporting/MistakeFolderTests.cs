using OnnxTransfer.Internals;
using OnnxTransfer.Reporting;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Reporting;

public sealed class MistakeFolderTests : IDisposable
{
    /// <summary>Texts that lead elsewhere, or that a file system refuses or changes.</summary>
    private static readonly string[] s_hostile =
        ["..", ".", "", "../../escape", "/etc/passwd", "a/b", "a\\b", "C:\\x", "con", "NUL.txt", "dot.", "space ", "\0zero", "line\nend", "*?<>|\"", "\u202Egpj.exe", "\uD800", new string('x', 300), new string('ü', 300) + ".jpeg", "Rose", "rose", "é", "e\u0301"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_is_written_outside_of_the_folder_and_nothing_is_lost()
    {
        // Every hostile text is a class; every image is of one and taken for the next.
        var png = TestImage.NoisyPng(4, 4, (1, 2, 3), 1);
        var judged = s_hostile.Select((name, i) => Judged(ImageInput.FromBytes(new byte[] { (byte)i, 1, 2 }, name), i, (i + 1) % s_hostile.Length)).ToList();
        // Names that are the same, in the same place.
        judged.AddRange(Enumerable.Range(0, 5).Select(i => Judged(ImageInput.FromBytes(new byte[] { (byte)(100 + i), 1, 2 }, "same.jpg"), 0, 1)));
        judged.Add(Judged(ImageInput.FromBytes(png, "right.png"), 2, 2));
        var target = Path.Combine(_folder.Path, "inside", "mistakes");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);

        Assert.Equal(judged.Count - 1, MistakeFolder.Write(target, judged, s_hostile, DecodeOptions.Default, CancellationToken.None));

        var files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.All(files, file => Assert.StartsWith(target + Path.DirectorySeparatorChar, file, StringComparison.Ordinal));
        Assert.All(files, file => Assert.Equal(3, Path.GetRelativePath(target, file).Split(Path.DirectorySeparatorChar).Length));
        Assert.Equal(judged.SkipLast(1).Select((_, i) => i < s_hostile.Length ? i : 100 + i - s_hostile.Length).Order(), files.Select(file => (int)File.ReadAllBytes(file)[0]).Order());
    }

    [Fact]
    public void Names_are_distinct_for_systems_that_ignore_case_or_compose_letters()
    {
        var names = new DistinctNames();
        var given = s_hostile.Concat(s_hostile).Select(names.Next).ToList();
        Assert.Equal(given.Count, given.Select(name => name.Normalize().ToUpperInvariant()).Distinct().Count());
        Assert.All(given, name =>
        {
            Assert.NotEmpty(name);
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(name), 1, 140);
            Assert.DoesNotContain(name, new[] { ".", ".." });
            Assert.DoesNotContain(name, letter => char.IsControl(letter) || "/\\:*?\"<>|".Contains(letter, StringComparison.Ordinal));
            Assert.Equal(name.TrimEnd('.', ' '), name);
        });
    }

    [UnixFact]
    public void Links_are_read_and_never_written_through()
    {
        var outside = _folder.File("outside.png");
        File.WriteAllBytes(outside, [1, 2, 3]);
        var link = _folder.File("photos", "link.png");
        File.CreateSymbolicLink(link, outside);
        var target = _folder.File("out", "m");

        Assert.Equal(1, MistakeFolder.Write(target, [Judged(link, 0, 1)], ["a", "b"], DecodeOptions.Default, CancellationToken.None));
        var copy = new FileInfo(Path.Combine(target, "a", "b", "link.png"));
        Assert.Null(copy.LinkTarget);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(copy.FullName));

        // A folder that is not empty may hold a link that leads elsewhere.
        var planted = _folder.File("planted", "x");
        Directory.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(planted)!, "a"), _folder.Path);
        Assert.Contains("is not empty", Assert.Throws<IOException>(() => MistakeFolder.Write(Path.GetDirectoryName(planted)!, [Judged(link, 0, 1)], ["a", "b"], DecodeOptions.Default, CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Contains("is a file", Assert.Throws<IOException>(() => MistakeFolder.Write(outside, [], ["a"], DecodeOptions.Default, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pixels_are_written_as_a_picture()
    {
        using var pixels = PixelBuffer.FromRgb(new byte[4 * 4 * 3], 4, 4);
        var target = _folder.File("out", "pixels");
        MistakeFolder.Write(target, [Judged(ImageInput.FromPixels(pixels, "row 7"), 1, 0)], ["a", "b"], DecodeOptions.Default, CancellationToken.None);
        Assert.Equal("PNG"u8.ToArray(), File.ReadAllBytes(Path.Combine(target, "b", "a", "row 7.png"))[1..4]);
    }

    private static JudgedImage Judged(ImageInput image, int truth, int predicted) =>
        new(image, truth, [.. Enumerable.Range(0, s_hostile.Length).Select(c => c == predicted ? 1f : 0f)]);
}
