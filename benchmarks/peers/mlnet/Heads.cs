using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

/// <summary>
/// ML.NET's LbfgsMaximumEntropy on x.npy and y.npy of a folder, with the objective of LogisticRegression(C=1): its L2 is that of the sum of the
/// losses, and it spares the bias. Prints seconds of a fit on rows in memory, after a first fit, and the mean objective, computed in float64.
/// </summary>
internal static class Heads
{
    /// <summary>Tolerances of the relative improvement, from ML.NET's default down: the first that reaches the target counts.</summary>
    private static readonly float[] s_tolerances = [1e-7f, 1e-9f, 1e-11f];

    internal static int Run(string folder, int classes, double target)
    {
        var (values, dim) = Read<float>(Path.Combine(folder, "x.npy"));
        var labels = Read<int>(Path.Combine(folder, "y.npy")).Values;
        // Of a property with a key's type, ML.NET takes the number from 0.
        var rows = labels.Select((label, n) => new Row { Label = (uint)label, Features = values.AsSpan(n * dim, dim).ToArray() }).ToList();
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dim);
        schema[nameof(Row.Label)].ColumnType = new KeyDataViewType(typeof(uint), classes);
        var context = new MLContext(seed: 1);
        var data = context.Data.Cache(context.Data.LoadFromEnumerable(rows, schema));
        Fit(s_tolerances[0]);
        foreach (var tolerance in s_tolerances)
        {
            var clock = Stopwatch.StartNew();
            var model = Fit(tolerance);
            var seconds = clock.Elapsed.TotalSeconds;
            var loss = Objective(model, rows);
            if (loss > target * (1 + 1e-6) && tolerance != s_tolerances[^1]) continue;
            Console.WriteLine(JsonSerializer.Serialize(new { seconds, total = seconds, loss, tolerance }));
            return 0;
        }

        return 1;

        MaximumEntropyModelParameters Fit(float tolerance) => context.MulticlassClassification.Trainers
            .LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, L2Regularization = 1, OptimizationTolerance = tolerance })
            .Fit(data).Model;
    }

    private static double Objective(MaximumEntropyModelParameters model, List<Row> rows)
    {
        VBuffer<float>[] weights = null!;
        model.GetWeights(ref weights, out var classes);
        var dense = weights.Select(one => one.DenseValues().Select(w => (double)w).ToArray()).ToArray();
        var biases = model.GetBiases().ToArray();
        var losses = new double[rows.Count];
        Parallel.For(0, losses.Length, n =>
        {
            var z = dense.Select((w, c) => biases[c] + w.Zip(rows[n].Features, (a, b) => a * b).Sum()).ToArray();
            losses[n] = z.Max() + Math.Log(z.Sum(logit => Math.Exp(logit - z.Max()))) - z[rows[n].Label];
        });
        return losses.Average() + dense.Sum(w => w.Sum(value => value * value)) / (2 * losses.Length);
    }

    /// <summary>A C-ordered .npy file of version 1, and the length of its rows.</summary>
    private static (T[] Values, int Dim) Read<T>(string path)
        where T : unmanaged
    {
        var bytes = File.ReadAllBytes(path);
        var start = 10 + BitConverter.ToUInt16(bytes, 8);
        var header = System.Text.Encoding.ASCII.GetString(bytes, 10, start - 10);
        var shape = header[(header.IndexOf('(') + 1)..header.IndexOf(')')].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (MemoryMarshal.Cast<byte, T>(bytes.AsSpan(start)).ToArray(), int.Parse(shape[^1], CultureInfo.InvariantCulture));
    }

    private sealed class Row
    {
        public uint Label { get; set; }

        public float[] Features { get; set; } = [];
    }
}
