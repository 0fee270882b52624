using System.Text;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class EmbedTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Embed_writes_a_npy_that_numpy_reads_and_ids_beside_it()
    {
        var output = fixture.NewFile("vectors.npy");
        var result = Cli.Run("embed", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, "--provider", "cpu", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(90, result.Json.GetProperty("rows").GetInt32());
        Assert.Equal(TinyBackbone.Dim, result.Json.GetProperty("dim").GetInt32());

        var bytes = File.ReadAllBytes(output);
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], bytes[..8]);
        var headerLength = BitConverter.ToUInt16(bytes, 8);
        Assert.Equal(0, (10 + headerLength) % 64);
        var header = Encoding.ASCII.GetString(bytes, 10, headerLength);
        Assert.Contains($"'shape': (90, {TinyBackbone.Dim})", header, StringComparison.Ordinal);
        Assert.Contains("'descr': '<f4'", header, StringComparison.Ordinal);
        Assert.Equal(10 + headerLength + (90 * TinyBackbone.Dim * 4), bytes.Length);

        var ids = File.ReadAllText(Path.ChangeExtension(output, ".json"));
        Assert.Contains("red-29.png", ids, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none.npy")]
    [InlineData("set")]
    public void Embed_without_an_image_says_so(string output)
    {
        var list = fixture.NewFile("empty.txt");
        File.WriteAllText(list, "\n");
        var result = Cli.Run("embed", "--list", list, "--out", fixture.NewFile(output), "--backbone", fixture.Backbone, "--cache", "none");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error: There is no image", result.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(fixture.NewFile(output)));
    }

    [Fact]
    public void Embed_enlarges_small_images_as_it_is_told()
    {
        // Smaller than the network's input; by its own preprocessing the tiny backbone would smooth them.
        Fixture.WritePhotos(Path.Combine(fixture.Folder, "small"), perClass: 1, seed: 7, shrink: 3);
        string[] arguments = ["embed", Path.Combine(fixture.Folder, "small"), "--backbone", fixture.Backbone, "--provider", "cpu", "--out"];

        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("plain.npy")]).ExitCode);
        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("nearest.npy"), "--upsample", "nearest"]).ExitCode);

        Assert.NotEqual(File.ReadAllBytes(fixture.NewFile("plain.npy")), File.ReadAllBytes(fixture.NewFile("nearest.npy")));
        Assert.Equal(2, Cli.Run([.. arguments, fixture.NewFile("never.npy"), "--upsample", "cubic"]).ExitCode);
    }

    [SharedFact("data/cat_720p.jpg")]
    public void Embed_decodes_a_large_photo_at_a_part_of_its_size_as_it_is_told()
    {
        string[] arguments = ["embed", Repository.SharedPath("data", "cat_720p.jpg"), "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", "none", "--out"];
        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("whole.npy")]).ExitCode);
        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("part.npy"), "--jpeg-shrink", "fast"]).ExitCode);
        Assert.NotEqual(File.ReadAllBytes(fixture.NewFile("whole.npy")), File.ReadAllBytes(fixture.NewFile("part.npy")));
        Assert.Equal(2, Cli.Run([.. arguments, fixture.NewFile("never.npy"), "--jpeg-shrink", "half"]).ExitCode);
        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("stretched.npy"), "--levels", "data"]).ExitCode);
        Assert.Equal(2, Cli.Run([.. arguments, fixture.NewFile("never.npy"), "--levels", "12"]).ExitCode);
    }

    [Fact]
    public void Embed_takes_the_decoder_it_is_told()
    {
        string[] arguments = ["embed", fixture.Photos, "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", fixture.NewFile("decoders"), "--json", "--out"];
        Assert.Equal(0, Cli.Run([.. arguments, fixture.NewFile("default.npy")]).ExitCode);
        var libvips = Cli.Run([.. arguments, fixture.NewFile("by-libvips.npy"), "--decoder", "libvips"]);
        Assert.Equal(0, libvips.ExitCode);
        // Its vectors are kept apart from those of another decoder.
        Assert.Equal(0, libvips.Json.GetProperty("cached").GetInt32());
        Assert.Equal(2, Cli.Run([.. arguments, fixture.NewFile("never.npy"), "--decoder", "paint"]).ExitCode);
    }

    [LinuxTheory]
    [InlineData("rgb.jpg", "none", "libSkiaSharp")]
    [InlineData("rgb.tif", "none", "libvips")]
    [InlineData("rgb.avif", "none", "libvips")]
    [InlineData("rgb.heic", "none", "Magick.Native")]
    // The cache asks the decoder for its version.
    [InlineData("rgb.tif", "decoded", "libvips")]
    public void Embed_loads_a_native_decoder_when_a_file_needs_it(string sample, string cache, string library)
    {
        using var folder = new TempFolder();
        var photo = folder.File(sample);
        File.Copy(Repository.PathOf("tests", "OnnxTransfer.Tests", "Decoding", "Samples", sample), photo);
        var start = Cli.Command(["embed", photo, "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", cache == "none" ? cache : folder.File(cache), "--out", folder.File("row.npy")]);
        // The dynamic linker of glibc writes which libraries it loads, to a file for each process.
        (start.Environment["LD_DEBUG"], start.Environment["LD_DEBUG_OUTPUT"], start.Environment["ONNXTRANSFER_HOME"]) = ("files", folder.File("loaded"), folder.Path);
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.GetAwaiter().GetResult());
        var loaded = string.Concat(Directory.GetFiles(folder.Path, "loaded.*").Select(File.ReadAllText));
        Assert.Contains("libonnxruntime", loaded, StringComparison.Ordinal);
        foreach (var native in new[] { "libSkiaSharp", "libvips", "Magick.Native" })
            Assert.Equal(native == library, loaded.Contains(native, StringComparison.Ordinal));
    }

    [Fact]
    public void Embed_of_nothing_usable_fails_and_writes_nothing()
    {
        var text = fixture.NewFile("only-text.jpg");
        File.WriteAllText(text, "no image");
        var output = fixture.NewFile("none.npy");
        var result = Cli.Run("embed", text, "--out", output, "--backbone", fixture.Backbone);
        Assert.Equal(1, result.ExitCode);
        Assert.False(File.Exists(output));
        Assert.Contains("only-text.jpg", result.Error, StringComparison.Ordinal);
    }
}
