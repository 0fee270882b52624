using BenchmarkDotNet.Running;
using OnnxTransfer.Benchmarks;
using OnnxTransfer.Benchmarks.Conversion;
using OnnxTransfer.Benchmarks.Heads;

// `soak MODEL FOLDER` watches memory over many embeds; `heads PEERS PYTHON small|large|FILE.npy` trains beside PyTorch,
// TensorFlow.js and scikit-learn; `keras PEERS PHOTO...` holds converted networks against TensorFlow.js,
// `quantized FILE.tflite FOLDER...` what is kept quantised against the same weights in float32; everything else is BenchmarkDotNet's command line.
if (args is ["soak", var model, var folder]) return Soak.Run(model, folder);
if (args is ["heads", var peers, var python, var size]) return HeadPeers.Run(peers, python, size);
if (args is ["keras", var folderOfPeers, .. var photos]) return KerasPeers.Run(folderOfPeers, photos);
if (args is ["quantized", var tflite, .. var folders]) return QuantizedAgreement.Run(tflite, folders);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
