using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Conversion;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks.Conversion;

/// <summary>
/// For how many photos a quantized TFLite classifier kept quantized answers as the same weights do in float32, by the share of
/// multiplications that stays in float32.
/// </summary>
internal static class QuantizedAgreement
{
    private static readonly double[] s_shares = [0, 0.15, 0.3];

    /// <param name="path">A fully quantized classifier with an input in [-1,1].</param>
    /// <param name="folders">Folders of images, and image files.</param>
    public static int Run(string path, string[] folders)
    {
        var photos = folders.SelectMany<string, string>(f => Directory.Exists(f) ? Directory.EnumerateFiles(f, "*.*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [f])
            .Where(f => Path.GetExtension(f) is ".jpg" or ".png" or ".bmp").ToList();
        var file = File.ReadAllBytes(path);
        using var real = new InferenceSession(TfLiteConverter.Convert(file, new TfLiteOptions { InputLayout = TensorLayout.Nhwc }));
        var models = s_shares.Select(share => TfLiteConverter.Convert(file, new TfLiteOptions { InputLayout = TensorLayout.Nhwc, KeepQuantized = true, FloatShare = share })).ToList();
        var sessions = models.Select(model => new InferenceSession(model)).ToList();
        var (agreeing, apart) = (new int[models.Count], new double[models.Count]);
        foreach (var photo in photos)
        {
            var expected = Scores(real, photo);
            for (var i = 0; i < models.Count; i++)
            {
                var scores = Scores(sessions[i], photo);
                if (Top(scores) == Top(expected)) agreeing[i]++;
                apart[i] += scores.Zip(expected, (a, b) => Math.Abs((double)a - b)).Sum();
            }
        }

        for (var i = 0; i < models.Count; i++)
        {
            Console.WriteLine(
                $"{s_shares[i],4:P0} in float32: {agreeing[i]} of {photos.Count} photos ({(double)agreeing[i] / photos.Count:P1}) answered alike, scores {apart[i] / photos.Count:F4} apart in sum, {models[i].Length:N0} bytes");
            sessions[i].Dispose();
        }

        return 0;
    }

    private static int Top(float[] scores) => Array.IndexOf(scores, scores.Max());

    private static float[] Scores(InferenceSession session, string photo)
    {
        long[] shape = [1, .. session.InputMetadata.Values.First().Dimensions[1..].Select(side => (long)side)];
        var image = new float[shape[1] * shape[2] * 3];
        var spec = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch((int)shape[2], (int)shape[1]), Mean = [0.5, 0.5, 0.5], Std = [0.5, 0.5, 0.5] };
        new ImagePreprocessor(spec, TensorLayout.Nhwc).Prepare(photo, image);
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(image, shape);
        using var outputs = session.Run(run, [session.InputNames[0]], [input], [session.OutputNames[0]]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
