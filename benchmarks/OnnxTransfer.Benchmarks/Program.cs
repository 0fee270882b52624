using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;
using OnnxTransfer.Benchmarks.Heads;

// `soak MODEL FOLDER` watches memory over many embeds; `heads SCRIPT PYTHON small|large` trains beside PyTorch and
// scikit-learn; everything else is BenchmarkDotNet's command line.
if (args is ["soak", var model, var folder]) return Soak.Run(model, folder);
if (args is ["heads", var script, var python, var size]) return HeadPeers.Run(script, python, size);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
