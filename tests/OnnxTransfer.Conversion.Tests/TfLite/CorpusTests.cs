using System.Collections.Concurrent;
using System.Globalization;
using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;
using Xunit.Abstractions;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>
/// Every file below artifacts/corpora/tflite, where somebody has put public TFLite files: each is converted and equals the interpreter, or
/// is refused in a sentence. The table goes to artifacts/corpora/tflite.csv.
/// </summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    /// <summary>The interpreter's plain loops do about a hundred million a second.</summary>
    private const double MostMultiplications = 4e8;

    [CorpusFact]
    [Trait("Category", "Long")]
    public void EveryFileIsFineOrRefused()
    {
        var rows = new ConcurrentBag<(string File, string Verdict, string Detail)>();
        var files = Directory.EnumerateFiles(CorpusFactAttribute.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Order(StringComparer.Ordinal).ToList();
        Parallel.ForEach(files, new ParallelOptions { MaxDegreeOfParallelism = 2 }, file =>
        {
            var (verdict, detail) = Judge(File.ReadAllBytes(file));
            rows.Add((Path.GetFileName(file), verdict, detail));
        });
        File.WriteAllLines(CorpusFactAttribute.Folder + ".csv", rows.OrderBy(r => r.Verdict, StringComparer.Ordinal).ThenBy(r => r.File, StringComparer.Ordinal).Select(r => $"{r.Verdict}\t{r.File}\t{r.Detail.ReplaceLineEndings(" ")}"));
        foreach (var group in rows.GroupBy(r => r.Verdict).OrderBy(g => g.Key, StringComparer.Ordinal)) output.WriteLine($"{group.Count()} {group.Key}");
        foreach (var row in rows.Where(r => r.Verdict is "wrong" or "crash")) output.WriteLine($"{row.Verdict}: {row.File}: {row.Detail}");

        Assert.DoesNotContain(rows, r => r.Verdict is "wrong" or "crash");
    }

    private static (string Verdict, string Detail) Judge(byte[] file)
    {
        OnnxModel model;
        TfLiteModel source;
        try
        {
            model = OnnxModel.Parse(TfLiteConverter.Convert(file, new TfLiteOptions { InputLayout = TensorLayout.Nhwc }));
            source = TfLiteModel.Parse(file, "file");
        }
        catch (Exception e) when (e is NotSupportedException or InvalidDataException or ArgumentException)
        {
            return ("refused", e.Message);
        }
        catch (Exception e)
        {
            return ("crash", e.ToString());
        }

        try
        {
            var (random, inputs, real) = (new Random(1), new List<(string, Values)>(), new Dictionary<int, Real>());
            foreach (var input in source.Inputs)
            {
                var tensor = source.Tensors[input];
                if (!model.Inputs.Any(i => i.Name == new TfLiteNames(source)[input])) continue;
                // Numbers of the range that the bytes have; about a normalized image otherwise.
                var (low, high) = tensor.Quantization is { } q && tensor.Type is TfLiteType.UInt8 or TfLiteType.Int8
                    ? (q.Scales[0] * ((tensor.Type == TfLiteType.Int8 ? -128 : 0) - q.ZeroPoint(0)), q.Scales[0] * ((tensor.Type == TfLiteType.Int8 ? 127 : 255) - q.ZeroPoint(0)))
                    : (-1f, 1f);
                var values = new float[tensor.Count];
                for (var i = 0; i < values.Length; i++) values[i] = low + ((high - low) * random.NextSingle());
                inputs.Add((new TfLiteNames(source)[input], new Values(values, [.. tensor.Shape.Select(s => (long)s)])));
                real[input] = new Real([.. values.Select(v => (double)v)], tensor.Shape);
            }

            var computed = GraphRunner.Run(model, [.. inputs]);
            if (source.Operators.Sum(Multiplications) > MostMultiplications) return ("fine, too large for the interpreter", $"{model.Graph.Node.Count} nodes run");
            var expected = Interpreter.Run(source, real);
            var worst = 0.0;
            foreach (var (name, actual) in computed)
            {
                var index = Enumerable.Range(0, source.Tensors.Count).First(i => new TfLiteNames(source)[i] == name);
                var reference = expected[index]!;
                if (actual.Data.Length != reference.Data.Length) return ("wrong", $"{name} has [{string.Join(",", actual.Shape)}], but [{string.Join(",", reference.Shape)}] is right");
                var scale = Math.Max(1e-3, reference.Data.Max(Math.Abs));
                double Worst(float[] data) => data.Zip(reference.Data, (ours, right) =>
                    double.IsNaN(ours) && double.IsNaN(right) ? 0 : double.IsNaN(ours) ? double.MaxValue : Math.Abs(ours - right) / scale).Max();
                // Of a cube the shape does not tell the order of its axes.
                var inOrder = actual.Shape.SequenceEqual(reference.Shape.Select(s => (long)s)) ? Worst(actual.Data) : double.MaxValue;
                worst = Math.Max(worst, actual.Shape.Length == 4 ? Math.Min(inOrder, Worst(ChannelsLast(actual))) : inOrder);
            }

            return worst < 1e-3 ? ("fine", worst.ToString("0.0e0", CultureInfo.InvariantCulture)) : ("wrong", $"differs by {worst.ToString("0.0e0", CultureInfo.InvariantCulture)} of the greatest value");
        }
        catch (Exception e)
        {
            return ("crash", e.ToString());
        }

        double Multiplications(TfLiteOperator op) =>
            op.Code is TfLiteOp.Conv2D or TfLiteOp.DepthwiseConv2D or TfLiteOp.FullyConnected or TfLiteOp.TransposeConv && source.Tensors[op.Outputs[0]].Shape is { Length: > 0 } shape
                ? shape.Aggregate(1.0, (p, s) => p * s) * source.Tensors[op.Inputs[1]].Count / shape[^1] : 0;
    }

    /// <summary>[N,C,H,W] -> [N,H,W,C].</summary>
    private static float[] ChannelsLast(Values values) =>
        AxisOrder.Permute(values.Data, [.. values.Shape.Select(s => (int)s)], [0, 2, 3, 1]);

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class CorpusFactAttribute : FactAttribute
    {
        public static readonly string Folder = Repository.PathOf("artifacts", "corpora", "tflite");

        public CorpusFactAttribute()
        {
            if (!Directory.Exists(Folder)) Skip = "needs public .tflite files below artifacts/corpora/tflite";
        }
    }
}
