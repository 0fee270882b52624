using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Heic.Tests;

public sealed class HeicLibraryTests
{
    private static readonly string s_heic = Repository.PathOf("tests", "OnnxTransfer.Heic.Tests", "Samples", "rgb.heic");
    private static readonly string s_png = Path.Combine(Sample.Folder, "rgb.png");
    private static readonly string s_avif = Path.Combine(Sample.Folder, "rgb.avif");

    [Fact]
    public async Task TheFirstImageSetsAPolicyThatReachesHeicAlone()
    {
        var (_, output) = await Probe.RunAsync(["decode", s_heic, "magick", s_png, "magick", s_avif, "magick", "gradient:red-blue", "magick", "xc:red", "limits", "decode", s_heic]);
        Assert.Equal("32x16 forbidden forbidden forbidden forbidden 65535 65535 0 32x16", output);
    }

    [Fact]
    public async Task RegisteringTouchesNothing()
    {
        var (_, output) = await Probe.RunAsync(["register", "magick", s_png, "magick", "xc:red"]);
        Assert.Equal("read read", output);
    }

    [Fact]
    public async Task AnApplicationThatUsesMagickBeforeKeepsItsPolicy()
    {
        using var folder = new TempFolder();
        foreach (var first in new string[][] { ["initialize"], ["magick", s_png], ["configure", folder.Path, "initialize"] })
        {
            var (_, output) = await Probe.RunAsync([.. first, "decode", s_heic, "magick", s_png, "decode", s_heic]);
            Assert.EndsWith("32x16 read 32x16", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnApplicationsOwnPolicyStays_AndOneThatForbidsHeicIsSaid()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("policy.xml"), """<policymap><policy domain="coder" rights="none" pattern="{HEIC,HEIF}"/></policymap>""");
        const string expected =
            "The HEIC image cannot be read because the ImageMagick security policy of this process does not allow it: give the coder HEIC the right to read in the application's policy.xml. read";
        Assert.Equal(expected, (await Probe.RunAsync(["policy", folder.Path, "initialize", "reason", s_heic, "magick", s_png])).Output);
        Assert.Equal(expected, (await Probe.RunAsync(["reason", s_heic, "magick", s_png], policy: folder.Path)).Output);
    }
}
