using System.Globalization;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>
/// What Little CMS 2.14 makes of the colors of <see cref="Picture"/>: relative colorimetric, to its own sRGB, without its shortcuts
/// (<c>cmsFLAGS_NOOPTIMIZE</c>), which are up to 10 of 255 off near black. <c>little_cms.py</c> writes the file beside this one.
/// </summary>
internal static class LittleCms
{
    /// <summary>The folder that the script wants the profiles and colors in.</summary>
    private const string InputVariable = "LITTLE_CMS_INPUT";

    private static readonly Lazy<Dictionary<string, byte[]>> s_known = new(Read);

    internal static Dictionary<string, byte[]?> Profiles { get; } = new()
    {
        ["sRGB"] = TestProfile.Srgb,
        ["Display P3"] = TestProfile.DisplayP3,
        ["Adobe RGB"] = TestProfile.AdobeRgb,
        ["RGB table"] = TestProfile.RgbTable,
        ["grey"] = TestProfile.Grey,
        ["CMYK"] = TestProfile.Cmyk,
        ["coarse CMYK"] = TestProfile.CoarseCmyk,
    };

    private static string File { get; } = Repository.PathOf("tests", "OnnxTransfer.Vips.Tests", "Matrix", "little_cms.txt");

    /// <summary>The channels that a profile is for; 0 for a name that is none.</summary>
    internal static int Colors(string profile) => !Profiles.ContainsKey(profile) ? 0 : profile == "grey" ? 1 : profile.Contains("CMYK", StringComparison.Ordinal) ? 4 : 3;

    /// <summary>The colors of a picture <c>[H,W,3]</c>, without alpha.</summary>
    internal static byte[] ToSrgb(string profile, Picture picture)
    {
        var known = s_known.Value;
        return [.. picture.Samples.Chunk(picture.Channels).SelectMany(pixel => known[Key(profile, picture, pixel)])];
    }

    /// <summary>Writes what the script wants, if it asks.</summary>
    internal static bool WriteInput()
    {
        if (Environment.GetEnvironmentVariable(InputVariable) is not { Length: > 0 } folder) return false;
        foreach (var (name, profile) in Profiles) System.IO.File.WriteAllBytes(Path.Combine(folder, $"{name}.icc"), profile!);
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in Profiles.Keys)
        {
            var colors = Colors(name);
            foreach (var picture in (Picture[])[Picture.Of(colors, false, 8), Picture.Of(colors, false, 16)])
                foreach (var pixel in picture.Samples.Chunk(colors)) lines.Add(Key(name, picture, pixel));
            if (colors != 1) continue;
            foreach (var levels in new[] { 2, 4, 16 })
            {
                var picture = Picture.Of(1, false, 8, levels);
                foreach (var pixel in picture.Samples.Chunk(1)) lines.Add(Key(name, picture, pixel));
            }
        }

        System.IO.File.WriteAllLines(Path.Combine(folder, "colors.txt"), lines);
        return true;
    }

    private static string Key(string profile, Picture picture, ushort[] pixel) =>
        string.Create(CultureInfo.InvariantCulture, $"{profile};{picture.Bits};{string.Join(',', pixel.Take(picture.Colors))}");

    private static Dictionary<string, byte[]> Read() => System.IO.File.ReadLines(File).Where(line => !line.StartsWith('#')).Select(line => line.Split('=')).ToDictionary(
        parts => parts[0], parts => parts[1].Split(',').Select(value => byte.Parse(value, CultureInfo.InvariantCulture)).ToArray());
}
