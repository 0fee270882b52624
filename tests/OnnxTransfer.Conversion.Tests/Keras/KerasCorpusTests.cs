using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;
using Xunit.Abstractions;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>
/// Every file below artifacts/corpora/keras, where somebody has put public .h5 and .keras files that Keras wrote: each is converted and
/// runs, or is refused in a sentence. Where the corpus of TFLite files has the network as TensorFlow's own converter wrote it, both give
/// the same numbers.
/// </summary>
public sealed class KerasCorpusTests(ITestOutputHelper output)
{
    /// <summary>The ends of the names of a Keras file and of its TFLite file.</summary>
    private static readonly (string Keras, string TfLite)[] s_pairs =
    [
        ("pretrainedResnet.h5", "pretrainedResnet.tflite"),
        ("vww_96.h5", "vww_96_float.tflite"),
        ("ad01.h5", "ad01_fp32.tflite"),
    ];

    [CorpusFact]
    [Trait("Category", "Long")]
    public void EveryFileIsFineOrRefused()
    {
        var files = Directory.GetFiles(CorpusFactAttribute.Folder).Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            OnnxModel model;
            try
            {
                model = OnnxModel.Parse(KerasConverter.Convert(File.ReadAllBytes(file), new KerasOptions { InputLayout = TensorLayout.Nhwc }));
            }
            catch (Exception e) when (e is NotSupportedException or InvalidDataException or ArgumentException)
            {
                output.WriteLine($"refused: {Path.GetFileName(file)}: {e.Message}");
                continue;
            }

            long[] shape = [1, .. model.Inputs[0].Dims!.Skip(1).Select(d => d.Size!.Value)];
            var image = Values.Random(3, shape);
            var values = GraphRunner.Run(model, (model.Inputs[0].Name, image)).Values.First();
            Assert.All(values.Data, v => Assert.True(float.IsFinite(v)));
            var pair = s_pairs.FirstOrDefault(p => file.EndsWith(p.Keras, StringComparison.Ordinal));
            if (pair.TfLite is null || !Directory.Exists(CorpusFactAttribute.TfLiteFolder) || Directory.GetFiles(CorpusFactAttribute.TfLiteFolder).FirstOrDefault(f => f.EndsWith("_" + pair.TfLite, StringComparison.Ordinal)) is not { } other)
            {
                output.WriteLine($"runs: {Path.GetFileName(file)}: {string.Join(", ", values.Data.Take(4))}, sum {values.Data.Sum()}");
                continue;
            }

            var reference = OnnxModel.Parse(TfLiteConverter.Convert(File.ReadAllBytes(other), new TfLiteOptions { InputLayout = TensorLayout.Nhwc }));
            var expected = GraphRunner.Run(reference, (reference.Inputs[0].Name, image)).Values.First();
            var worst = expected.Data.Zip(values.Data, (a, b) => Math.Abs(a - b)).Max() / Math.Max(1, expected.Data.Max(Math.Abs));
            output.WriteLine($"equals {Path.GetFileName(other)} to {worst:0.0e0}: {Path.GetFileName(file)}");
            Assert.InRange(worst, 0, 1e-5);
        }

        Assert.NotEmpty(files);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class CorpusFactAttribute : FactAttribute
    {
        public static readonly string Folder = Repository.PathOf("artifacts", "corpora", "keras");

        public static readonly string TfLiteFolder = Repository.PathOf("artifacts", "corpora", "tflite");

        public CorpusFactAttribute()
        {
            if (!Directory.Exists(Folder)) Skip = "needs public .h5 and .keras files below artifacts/corpora/keras";
        }
    }
}
