using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Inference;

public sealed class ConvertedNetworkCacheTests : IDisposable
{
    private const int Most = 16;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A clock that was ahead for a while leaves files that seem newer than all that follow.</summary>
    [Theory]
    [InlineData(-3)]
    [InlineData(3)]
    public void A_new_network_stays_whatever_the_times_of_the_others(int hours)
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        var model = OnnxModel.Load(_folder.File("tiny.onnx"));
        var folder = Path.Combine(_folder.Path, "int8");
        var cache = new ConvertedNetworkCache(folder);
        for (var i = 0; i < Most; i++)
        {
            cache.Add($"other{i:00}", model);
            File.SetLastWriteTimeUtc(Path.Combine(folder, $"other{i:00}.onnx"), DateTime.UtcNow.AddHours(hours).AddMinutes(i));
        }

        cache.Add("new1", model);
        cache.Add("new2", model);
        var names = Directory.GetFiles(folder).Select(Path.GetFileNameWithoutExtension).ToList();
        Assert.Equal(Most, names.Count);
        Assert.Contains("new1", names);
        Assert.Contains("new2", names);
    }
}
