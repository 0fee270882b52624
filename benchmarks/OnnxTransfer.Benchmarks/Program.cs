using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;

// `soak MODEL FOLDER` watches memory over many embeds; everything else is BenchmarkDotNet's command line.
if (args is ["soak", var model, var folder]) return Soak.Run(model, folder);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
