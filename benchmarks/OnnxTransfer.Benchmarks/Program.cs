using System.Globalization;
using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;
using OnnxTransfer.Benchmarks.Heads;
using OnnxTransfer.Benchmarks.Pixels;

// `soak MODEL FOLDER` watches memory over many embeds; `heads PEERS PYTHON small|large|FILE.npy` trains beside PyTorch,
// TensorFlow.js and scikit-learn; `pixels PEERS PYTHON ROUNDS [RESULT.md]` prepares photographs beside Pillow and sharp
// (`pixels alone ROUNDS` without them); everything else is BenchmarkDotNet's command line.
if (args is ["soak", var model, var folder]) return Soak.Run(model, folder);
if (args is ["heads", var peers, var python, var size]) return HeadPeers.Run(peers, python, size);
if (args is ["pixels", "alone", var times]) return PixelPeers.Run(null, "", int.Parse(times, CultureInfo.InvariantCulture), null);
if (args is ["pixels", var others, var python3, var rounds, .. var rest]) return PixelPeers.Run(others, python3, int.Parse(rounds, CultureInfo.InvariantCulture), rest.FirstOrDefault());
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
