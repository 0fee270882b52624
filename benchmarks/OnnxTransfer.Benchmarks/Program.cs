using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;
using OnnxTransfer.Benchmarks.Heads;

// `soak MODEL FOLDER` watches memory over many embeds; `heads PEERS PYTHON small|large|FILE.npy` trains beside PyTorch,
// TensorFlow.js and scikit-learn; everything else is BenchmarkDotNet's command line.
if (args is ["soak", var model, var folder]) return Soak.Run(model, folder);
if (args is ["heads", var peers, var python, var size]) return HeadPeers.Run(peers, python, size);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
