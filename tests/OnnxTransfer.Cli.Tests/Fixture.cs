using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>A folder of generated photos and a tiny backbone: what the commands need, made in milliseconds.</summary>
public class Fixture : IDisposable
{
    private static readonly (string Name, (byte, byte, byte) Color)[] Classes =
        [("blue", (30, 40, 200)), ("green", (40, 190, 50)), ("red", (210, 40, 30))];

    private readonly TempFolder _folder = new();

    public Fixture()
    {
        Backbone = _folder.File("tiny.onnx");
        TinyBackbone.Write(Backbone);
        Photos = Path.Combine(_folder.Path, "photos");
        WritePhotos(Photos, perClass: 30, seed: 1);
    }

    internal string Backbone { get; }

    internal string Photos { get; }

    internal string Folder => _folder.Path;

    internal static void WritePhotos(string folder, int perClass, int seed, int shrink = 1)
    {
        foreach (var (name, color) in Classes)
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            for (var i = 0; i < perClass; i++)
            {
                File.WriteAllBytes(Path.Combine(folder, name, $"{name}-{i:00}.png"), TestImage.NoisyPng((24 + (i % 5)) / shrink, (20 + (i % 7)) / shrink, color, (seed * 1000) + i));
            }
        }
    }

    internal string NewFile(params string[] parts) => _folder.File(parts);

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
