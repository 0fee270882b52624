using System.CommandLine;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models convert FILE --out FILE.onnx</c></summary>
internal static class ModelsConvertCommand
{
    private static readonly string[] s_architectures = ["inception_v3", "mobilenet_v2", "resnet101v2", "resnet50", "vgg16"];

    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A .tflite, .keras or .h5 file, or the model.json of a Keras model in TensorFlow.js layers format." };
        var output = new OutputOption("--out") { Description = "The ONNX file to write.", Required = true, HelpName = "FILE.onnx" };
        var tensors = new Option<string[]>("--outputs") { Description = "The tensors to compute. Default: the model's own outputs.", AllowMultipleArgumentsPerToken = true, HelpName = "TENSOR" };
        var architecture = new Option<string?>("--architecture")
        {
            Description = "For an .h5 file of keras.applications, which has only weights: the network that they belong to. Its preprocessing is known, so a .model.json is written.",
            HelpName = string.Join('|', s_architectures),
        };
        architecture.AcceptOnlyFromAmong(s_architectures);
        var quantized = new Option<bool>("--keep-quantized") { Description = "For a quantized .tflite: keep integer kernels instead of converting them to float32." };
        var share = CommonOptions.Number(
            "--float-share", "With --keep-quantized: the share of all multiplications that stays in float32, counted from the input. Rounding in the first layers costs the most accuracy.",
            new TfLiteOptions().FloatShare, "SHARE", value => value is >= 0 and <= 1, "a share between 0 and 1, such as 0.15");
        var preprocess = CommonOptions.Preprocess();
        preprocess.Description = $"The preprocessing that the network expects. It is written into a .model.json, which makes the model a backbone. {preprocess.Description![(preprocess.Description!.IndexOf("torch:", StringComparison.Ordinal))..]}";
        var command = new Command("convert", "Convert a TFLite or Keras model to ONNX.") { file, output, tensors, architecture, quantized, share, preprocess };
        command.SetAction(parsed =>
        {
            var (from, to) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(output));
            var wanted = parsed.GetValue(tensors) ?? [];
            var (preset, network) = (parsed.GetValue(preprocess), parsed.GetValue(architecture));
            if (IsTfLite(from))
            {
                if (network is not null) throw new UsageException($"--architecture is for .h5 files; {from} is a TFLite model and holds its architecture.");
                TfLiteConverter.Convert(from, to, new TfLiteOptions { Outputs = wanted, KeepQuantized = parsed.GetValue(quantized), FloatShare = parsed.GetValue(share), Preprocess = preset });
            }
            else
            {
                if (from.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"{from} is an ONNX file by its name, and needs no conversion.");
                if (parsed.GetValue(quantized)) throw new UsageException($"--keep-quantized is for .tflite files, and {from} is none.");
                KerasConverter.Convert(from, to, new KerasOptions { Outputs = wanted, Preprocess = preset, Architecture = network });
            }

            Console.Out.WriteLine(to);
            Console.Error.WriteLine(preset is null && network is null
                ? $"No .model.json was written, because the file does not state the preprocessing: convert with --preprocess {preprocess.HelpName} to use the model as a backbone."
                : $"Its card is {Path.ChangeExtension(to, ".model.json")}.");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>By the mark at byte 4, or by the name of a file that cannot be read or has no mark.</summary>
    private static bool IsTfLite(string path)
    {
        if (path.EndsWith(".tflite", StringComparison.OrdinalIgnoreCase)) return true;
        if (!File.Exists(path)) return false;
        var start = new byte[8];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(start, 8, throwOnEndOfStream: false) == 8 && start.AsSpan(4).SequenceEqual("TFL3"u8);
    }
}
