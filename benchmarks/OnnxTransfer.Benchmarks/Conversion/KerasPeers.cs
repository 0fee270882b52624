using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Conversion;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks.Conversion;

/// <summary>
/// The Keras networks of npm's nsfwjs, converted here and run by ONNX Runtime, beside the originals in TensorFlow.js on its
/// plain CPU backend: the same photos, prepared once. Prints how far the last activation and the class scores are apart.
/// </summary>
internal static class KerasPeers
{
    private static readonly (string Network, int Size, string Features, string Classes)[] s_networks =
        [("mobilenet_v2", 224, "out_relu", "dense_3"), ("inception_v3", 299, "mixed10", "dense_3")];

    /// <param name="peers">The folder benchmarks/peers, after <c>npm install</c>.</param>
    /// <param name="photos">Image files.</param>
    public static int Run(string peers, string[] photos)
    {
        var script = Path.Combine(peers, "nsfwjs.mjs");
        foreach (var (network, size, features, classes) in s_networks)
        {
            using var folder = new PeerFolder();
            PeerFolder.Ask("node", [script, "export", network, folder.Path]);
            var onnx = Path.Combine(folder.Path, "model.onnx");
            KerasConverter.Convert(Path.Combine(folder.Path, "model.json"), onnx, new KerasOptions { Outputs = [features, classes], InputLayout = TensorLayout.Nhwc });

            var images = Prepare(photos, size);
            folder.Write<float>("x.npy", "<f4", images, photos.Length, size, size, 3);
            PeerFolder.Ask("node", [script, "run", folder.Path, Path.Combine(folder.Path, "x.npy"), features, classes]);

            using var session = new InferenceSession(onnx);
            using var run = new RunOptions();
            using var input = OrtValue.CreateTensorValueFromMemory(images, [photos.Length, size, size, 3]);
            using var outputs = session.Run(run, [session.InputNames[0]], [input], [features, classes]);
            Compare(network, features, ChannelsLast(outputs[0]), folder.Read(features + ".npy"), photos);
            Compare(network, classes, outputs[1].GetTensorDataAsSpan<float>().ToArray(), folder.Read(classes + ".npy"), photos);
        }

        return 0;
    }

    private static float[] Prepare(string[] photos, int size)
    {
        var images = new float[photos.Length * size * size * 3];
        var spec = PreprocessSpec.TensorFlowUnit(size);
        for (var i = 0; i < photos.Length; i++)
            new ImagePreprocessor(spec, TensorLayout.Nhwc).Prepare(photos[i], images.AsMemory(i * size * size * 3, size * size * 3));
        return images;
    }

    private static float[] ChannelsLast(OrtValue value)
    {
        var shape = value.GetTensorTypeAndShape().Shape;
        var (depth, pixels) = ((int)shape[1], (int)(shape[2] * shape[3]));
        var from = value.GetTensorDataAsSpan<float>();
        var to = new float[from.Length];
        // NCHW -> NHWC
        for (var i = 0; i < to.Length; i++) to[i] = from[(((i / depth / pixels * depth) + (i % depth)) * pixels) + (i / depth % pixels)];
        return to;
    }

    private static void Compare(string network, string layer, float[] ours, float[] theirs, string[] photos)
    {
        if (ours.Length != theirs.Length) throw new InvalidDataException($"{network} {layer}: {ours.Length} numbers here and {theirs.Length} in TensorFlow.js.");
        var length = ours.Length / photos.Length;
        for (var i = 0; i < photos.Length; i++)
        {
            var (mine, other) = (ours.AsSpan(i * length, length).ToArray(), theirs.AsSpan(i * length, length).ToArray());
            var apart = mine.Zip(other, (a, b) => Math.Abs((double)a - b)).Max();
            Console.WriteLine($"{network,-13} {layer,-9} {Path.GetFileName(photos[i]),-30} {length,7} numbers up to {other.Max(Math.Abs):F4}, at most {apart:E1} apart");
        }
    }
}
