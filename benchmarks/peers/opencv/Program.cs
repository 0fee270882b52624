using System.Diagnostics;
using System.Runtime.InteropServices;
using OpenCvSharp;
using OpenCvSharp.Dnn;

// Decode, resize and normalize with OpenCV on one thread, asked line by line on standard input, as pillow_prepare.py is:
// `SET area|reduced2|reduced4|reduced8`, or `SET MODE COUNT FILE` to write the first tensors. The arguments are NAME=LIST for each
// set; a list has one path a line.
const int side = 224;
Cv2.SetNumThreads(1);
var sets = args.Select(argument => argument.Split('=', 2)).ToDictionary(parts => parts[0], parts => File.ReadAllLines(parts[1]).Select(File.ReadAllBytes).ToArray());
Console.WriteLine($"OpenCV {Cv2.GetVersionString()}");
while (Console.ReadLine() is { } line)
{
    var words = line.Split(' ');
    var (photos, flags) = (sets[words[0]], words[1] switch
    {
        "reduced2" => ImreadModes.ReducedColor2,
        "reduced4" => ImreadModes.ReducedColor4,
        "reduced8" => ImreadModes.ReducedColor8,
        _ => ImreadModes.Color,
    });
    if (words.Length > 2)
    {
        using (var file = File.Create(words[3]))
        {
            foreach (var photo in photos.Take(int.Parse(words[2])))
            {
                using var tensor = Prepare(photo, flags);
                var bytes = new byte[3 * side * side * sizeof(float)];
                Marshal.Copy(tensor.Data, bytes, 0, bytes.Length);
                file.Write(bytes);
            }
        }

        Console.WriteLine("written");
        continue;
    }

    using var process = Process.GetCurrentProcess();
    var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
    foreach (var photo in photos) Prepare(photo, flags).Dispose();
    var seconds = clock.Elapsed.TotalSeconds;
    process.Refresh();
    Console.WriteLine(FormattableString.Invariant($"{seconds} {(process.TotalProcessorTime - cpu).TotalSeconds}"));
}

// INTER_AREA where the image shrinks, as Pillow and this library average; blobFromImage swaps the channels and normalizes.
static Mat Prepare(byte[] photo, ImreadModes flags)
{
    using var image = Cv2.ImDecode(photo, flags);
    using var sized = image.Resize(new Size(side, side), interpolation: InterpolationFlags.Area);
    return CvDnn.BlobFromImage(sized, 1 / 127.5, default, new Scalar(127.5, 127.5, 127.5), swapRB: true, crop: false);
}
