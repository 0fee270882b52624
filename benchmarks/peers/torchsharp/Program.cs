using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

// TorchSharp's side of `heads`, on x.npy, y.npy, order.npy and the first weights w0.npy, w1.npy, ... of FOLDER, as heads.py's.
// Prints one JSON object: seconds (adam: the median epoch after the first; lbfgs: the fit), total (the whole training) and loss (adam: mean
// over the last epoch, each batch before its step; lbfgs: the mean objective).
if (args is not [var what and ("adam" or "lbfgs"), var threads, var folder, var classesText, var batchText, .. var rest])
{
    Console.Error.WriteLine("usage: OnnxTransfer.Peers.TorchSharp adam THREADS FOLDER CLASSES BATCH [HIDDEN...], or lbfgs THREADS FOLDER CLASSES BATCH TARGET");
    return 2;
}

var (classes, batch) = (int.Parse(classesText, CultureInfo.InvariantCulture), int.Parse(batchText, CultureInfo.InvariantCulture));
set_num_threads(int.Parse(threads, CultureInfo.InvariantCulture));
var x = Read<float>("x.npy");
var y = Read<int>("y.npy").to_type(int64);
var (count, dim) = (x.shape[0], x.shape[1]);
var answer = what == "adam" ? Adam([.. rest.Select(units => long.Parse(units, CultureInfo.InvariantCulture))]) : Lbfgs(double.Parse(rest[0], CultureInfo.InvariantCulture));
Console.WriteLine(JsonSerializer.Serialize(answer, JsonSerializerOptions.Web));
return 0;

Answer Adam(long[] hidden)
{
    var orders = Read<int>("order.npy").to_type(int64).unbind();
    // The just-in-time compiler and the allocator have seen everything once before the clock runs.
    Train(hidden, orders[..1], TimeSpan.FromSeconds(1));
    return Train(hidden, orders, TimeSpan.MaxValue);
}

Answer Train(long[] hidden, Tensor[] orders, TimeSpan limit)
{
    var whole = Stopwatch.StartNew();
    using var net = Network(hidden);
    using var adam = optim.Adam(net.parameters(), lr: 1e-3);
    var (seconds, total) = (new List<double>(), 0.0);
    foreach (var epoch in orders)
    {
        var clock = Stopwatch.StartNew();
        total = 0;
        foreach (var rows in epoch.split(batch))
        {
            using var scope = NewDisposeScope();
            var loss = nn.functional.cross_entropy(net.forward(x.index_select(0, rows)), y.index_select(0, rows));
            adam.zero_grad();
            loss.backward();
            adam.step();
            total += loss.item<float>() * (double)rows.shape[0];
            if (whole.Elapsed > limit) break;
        }

        seconds.Add(clock.Elapsed.TotalSeconds);
    }

    var later = seconds.Skip(1).DefaultIfEmpty(seconds[0]).Order().ToArray();
    return new Answer((later[(later.Length - 1) / 2] + later[later.Length / 2]) / 2, whole.Elapsed.TotalSeconds, total / count);
}

// LogisticRegression(C=1)'s objective, until it is at most a millionth above TARGET. torch's optimizer goes on from its own history at each
// step, so a step of ten iterations is a pause to look at the loss.
Answer Lbfgs(double target)
{
    const int iterationsBetweenLooks = 10, looks = 300;
    Fit(looks: 1);
    return Fit(looks);

    Answer Fit(int looks)
    {
        var clock = Stopwatch.StartNew();
        using var net = (Sequential)Network([]);
        var linear = (Linear)net[0];
        using var lbfgs = optim.LBFGS(net.parameters(), lr: 1, max_iter: iterationsBetweenLooks, tolerange_grad: 0, tolerance_change: 0, history_size: 10);
        for (var look = 0; look < looks; look++)
        {
            lbfgs.step(() =>
            {
                lbfgs.zero_grad();
                var loss = Objective(net, linear);
                loss.backward();
                return loss;
            });
            using (no_grad())
            using (NewDisposeScope())
            {
                if (Objective(net, linear).item<float>() <= target * (1 + 1e-6)) break;
            }
        }

        var seconds = clock.Elapsed.TotalSeconds;
        using (no_grad())
        {
            var z = x.to_type(float64).matmul(linear.weight.to_type(float64).t()) + linear.bias!.to_type(float64);
            var exact = nn.functional.cross_entropy(z, y).item<double>() + linear.weight.to_type(float64).square().sum().item<double>() / (2 * count);
            return new Answer(seconds, seconds, exact);
        }
    }
}

Tensor Objective(Sequential net, Linear linear) => nn.functional.cross_entropy(net.forward(x), y) + linear.weight.square().sum() / (2.0 * count);

Sequential Network(long[] hidden)
{
    long[] sizes = [dim, .. hidden, classes];
    var layers = new List<nn.Module<Tensor, Tensor>>();
    using var _ = no_grad();
    for (var l = 0; l < sizes.Length - 1; l++)
    {
        var linear = nn.Linear(sizes[l], sizes[l + 1]);
        linear.bias!.zero_();
        if (l < hidden.Length) linear.weight.copy_(Read<float>($"w{l}.npy").t());
        else linear.weight.zero_();
        layers.Add(linear);
        if (l < hidden.Length) layers.Add(nn.ReLU());
    }

    return nn.Sequential(layers);
}

// A C-ordered .npy file of version 1.
Tensor Read<T>(string name)
    where T : unmanaged
{
    using var file = File.OpenRead(Path.Combine(folder, name));
    var start = new byte[10];
    file.ReadExactly(start);
    var header = new byte[BitConverter.ToUInt16(start, 8)];
    file.ReadExactly(header);
    var text = System.Text.Encoding.ASCII.GetString(header);
    var shape = text[(text.IndexOf('(') + 1)..text.IndexOf(')')].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(length => long.Parse(length, CultureInfo.InvariantCulture)).ToArray();
    var values = new T[shape.Aggregate(1L, (product, length) => product * length)];
    for (var rest = values.AsSpan(); rest.Length > 0; rest = rest[Math.Min(rest.Length, 1 << 24)..])
        file.ReadExactly(MemoryMarshal.AsBytes(rest[..Math.Min(rest.Length, 1 << 24)]));
    return from_array(values).reshape(shape);
}

internal sealed record Answer(double Seconds, double Total, double Loss);
