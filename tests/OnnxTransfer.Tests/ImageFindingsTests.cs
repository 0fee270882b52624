using Microsoft.Extensions.AI;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>What a decoder finds about an image arrives in the result of every call that takes it: a warning, and that the clock stopped the decode.</summary>
public sealed class ImageFindingsTests : IDisposable
{
    private const string Doubt = "The file looks odd.";
    private const string Slow = "The decode was stopped.";
    private static readonly byte[] s_doubtful = [1];
    private static readonly byte[] s_slow = [2];

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly ImageClassifier _classifier;
    private readonly ImageInput[] _both = [ImageInput.FromBytes(s_doubtful, "doubtful"), ImageInput.FromBytes(s_slow, "slow")];

    public ImageFindingsTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        _extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Decoder = new Finder() });
        var head = ClassifierHead.FromWeights(
            MathNet.Numerics.LinearAlgebra.Matrix<float>.Build.Dense(TinyBackbone.Dim, 2, 0.1f), MathNet.Numerics.LinearAlgebra.Vector<float>.Build.Dense(2));
        _classifier = ImageClassifier.Create(_extractor, head, ["a", "b"]);
    }

    public void Dispose()
    {
        _classifier.Dispose();
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Predictions_have_them_whatever_the_call()
    {
        AssertFound(await _classifier.PredictAsync(_both));
        AssertFound([.. await _classifier.PredictAsync([_both[0]]), .. await _classifier.PredictAsync([_both[1]])]);
        AssertFound(await ListAsync(_classifier.PredictStreamAsync(_both)));
        AssertFound(await ListAsync(_classifier.PredictStreamAsync(_both.ToAsyncEnumerable())));
        Assert.True((await Assert.ThrowsAsync<ImageDecodeException>(() => _classifier.PredictAsync(_both[1]))).TimedOut);
    }

    [Fact]
    public async Task Vectors_have_them_whatever_the_call()
    {
        var result = await _extractor.EmbedAsync(_both);
        Assert.Equal([new ImageWarning("doubtful", Doubt)], result.Warnings);
        Assert.Equal([new SkippedImage("slow", Slow) { TimedOut = true }], result.Skipped);
        var streamed = await ListAsync(_extractor.EmbedStreamAsync(_both));
        Assert.Equal([Doubt], streamed[0].Warnings);
        Assert.True(streamed[1].TimedOut);
        Assert.True(Assert.Throws<ImageDecodeException>(() => _extractor.Embed(_both[1])).TimedOut);
        Assert.True((await Assert.ThrowsAsync<ImageDecodeException>(() => _extractor.EmbedAsync(_both[1]))).TimedOut);
    }

    /// <summary>One image goes another way than several.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_exception_of_a_generator_has_them(int count)
    {
        using var generator = _extractor.AsEmbeddingGenerator();
        var images = Enumerable.Repeat(new DataContent(s_slow, "image/jpeg"), count);
        Assert.True((await Assert.ThrowsAsync<ImageDecodeException>(() => generator.GenerateAsync(images))).TimedOut);
    }

    [Fact]
    public async Task An_evaluation_has_them()
    {
        var run = await _classifier.EvaluateAsync(ImageDataset.FromItems([new(_both[0], "a"), new(_both[1], "b")]));
        Assert.Equal([Doubt], run.Warnings.Select(warning => warning.Text));
        Assert.True(Assert.Single(run.Skipped).TimedOut);
        Assert.True(run.Images[1].TimedOut);
    }

    private static void AssertFound(IReadOnlyList<ImagePrediction> predictions)
    {
        Assert.Equal(("doubtful", null, false), (predictions[0].Id, predictions[0].Error, predictions[0].TimedOut));
        Assert.Equal([Doubt], predictions[0].Warnings);
        Assert.Equal(("slow", Slow, true), (predictions[1].Id, predictions[1].Error, predictions[1].TimedOut));
        Assert.Empty(predictions[1].Warnings);
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> rows)
    {
        var list = new List<T>();
        await foreach (var row in rows) list.Add(row);
        return list;
    }

    /// <summary>A decoder as an application may bring one.</summary>
    private sealed class Finder : IImageDecoder
    {
        public string Name => "finder";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            if (encoded.SequenceEqual(s_slow)) throw new ImageDecodeException(Slow) { TimedOut = true };
            var pixels = PixelBuffer.FromRgb(new byte[3 * 16 * 16], 16, 16);
            pixels.Warn(Doubt);
            return pixels;
        }
    }
}
