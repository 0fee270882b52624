// What ImageMagick may do is settled once in a process, so the tests look at it in processes of their own: `OnnxTransfer.Heic.Probe STEP...`.
// Prints one word for each step.
using ImageMagick;
using OnnxTransfer;
using OnnxTransfer.Heic;

var results = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "initialize":
            MagickNET.Initialize();
            break;
        case "configure":
            MagickNET.Initialize(ImageMagick.Configuration.ConfigurationFiles.Default, args[++i]);
            break;
        case "policy":
            MagickNET.SetEnvironmentVariable("MAGICK_CONFIGURE_PATH", args[++i]);
            break;
        case "register":
            HeicDecoder.Register();
            break;
        case "decode":
        case "reason":
            results.Add(Decode(File.ReadAllBytes(args[i + 1]), isReasonWanted: args[i++] == "reason"));
            break;
        case "magick":
            results.Add(Magick(args[++i]));
            break;
        case "limits":
            results.Add($"{ResourceLimits.Width} {ResourceLimits.Height} {ResourceLimits.Disk}");
            break;
        default:
            return 2;
    }
}

Console.Write(string.Join(' ', results));
return 0;

static string Decode(byte[] encoded, bool isReasonWanted)
{
    try
    {
        using var pixels = HeicDecoder.Instance.Decode(encoded);
        return $"{pixels.Width}x{pixels.Height}";
    }
    catch (ImageDecodeException exception)
    {
        return isReasonWanted ? exception.Message : "refused";
    }
}

// As an application does that uses Magick.NET itself.
static string Magick(string input)
{
    try
    {
        using var image = new MagickImage(input);
        return "read";
    }
    catch (MagickPolicyErrorException)
    {
        return "forbidden";
    }
}
