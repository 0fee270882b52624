using System.Globalization;
using BenchmarkDotNet.Running;
using OnnxTransfer;
using OnnxTransfer.Benchmarks;
using OnnxTransfer.Benchmarks.Checking;
using OnnxTransfer.Benchmarks.Conversion;
using OnnxTransfer.Benchmarks.Embedding;
using OnnxTransfer.Benchmarks.Heads;
using OnnxTransfer.Benchmarks.Pixels;
using OnnxTransfer.Benchmarks.Serving;

// `precision MODEL FOLDER` compares 8 bits with 32;
// `augment WORK` measures what copies of few images bring; `heads PEERS PYTHON small|large|FILE.npy` trains beside PyTorch,
// TensorFlow.js and scikit-learn; `draws PEERS PYTHON|none WORK [METHOD...]` compares heads with LogisticRegressionCV on few photographs, `tuning PEERS PYTHON ROUNDS` the
// choice of L2; `stored WORK ROWS CLASSES adam|lbfgs|make BUDGET` trains on a feature set on the disk; `pixels PEERS PYTHON ROUNDS [RESULT.md]` prepares photographs beside Pillow and sharp
// (`pixels alone ROUNDS` without them); `embed PEERS PYTHON [PHOTOS ROUNDS]` embeds photos beside sharp + onnxruntime-node and
// Pillow + PyTorch; `mlnet PEERS [PHOTOS ROUNDS]` computes ResNet-18's features beside ML.NET; `server PEERS [ROUNDS SECONDS]` loads the web service beside a plain controller; `many MODEL FOLDER COUNT` is a long run and a second one from the cache; `second MODEL FOLDER ROUNDS` runs and trains from
// a full cache beside reading and hashing the files, `stores ROWS DIM ROUNDS` holds the cache against one mapped file; `device MODEL FOLDER PROVIDER [BATCH...]` holds a GPU against the CPU; `neighbors ROWS DIM ROUNDS` searches beside a plain loop; `check MODEL FOLDER ROUNDS` plants faults and counts those found, `check-many ROWS DIM` takes time and memory of the searches; `keras PEERS PHOTO...` holds converted networks against TensorFlow.js, `quantized FILE.tflite
// FOLDER...` what is kept quantized against the same weights in float32; everything else is BenchmarkDotNet's command line.
if (args is ["precision", var network, var classes]) return await PrecisionPeers.RunAsync(network, classes).ConfigureAwait(false);
if (args is ["augment", var work]) return await AugmentationDraws.RunAsync(work).ConfigureAwait(false);
if (args is ["heads", var peers, var python, var size, .. var torchSharp]) return HeadPeers.Run(peers, python, size, torchSharp.FirstOrDefault());
if (args is ["tuning", var tuningPeers, var tuningPython, var tuningRounds]) return TuningPeers.Run(tuningPeers, tuningPython, Number(tuningRounds));
if (args is ["stored", var storedWork, var storedRows, var storedClasses, var storedOptimizer, var storedBudget])
    return StoredTrainingSpeed.Run(storedWork, Number(storedRows), Number(storedClasses), storedOptimizer, Number(storedBudget));
if (args is ["draws", var drawPeers, var drawPython, var drawWork, .. var drawMethods]) return await HeadDraws.RunAsync(drawPeers, drawPython, drawWork, drawMethods).ConfigureAwait(false);
if (args is ["pixels", "alone", var times]) return PixelPeers.Run(null, "", Number(times), null);
if (args is ["pixels", var others, var python3, var rounds, .. var rest]) return PixelPeers.Run(others, python3, Number(rounds), rest.FirstOrDefault());
if (args is ["embed", var embedPeers, var embedPython, .. var numbers])
    return await EmbedPeers.RunAsync(embedPeers, embedPython, numbers.Length > 0 ? Number(numbers[0]) : 600, numbers.Length > 1 ? Number(numbers[1]) : 7);
if (args is ["embed-fresh", var freshWay, var freshCount]) return await EmbedPeers.RunFreshAsync(Number(freshWay), Number(freshCount));
if (args is ["mlnet", var mlnetPeers, .. var mlnetNumbers])
    return await MlNetPeers.RunAsync(mlnetPeers, mlnetNumbers.Length > 0 ? Number(mlnetNumbers[0]) : 200, mlnetNumbers.Length > 1 ? Number(mlnetNumbers[1]) : 5);
if (args is ["server", var serverPeers, .. var serverNumbers])
    return await ServerPeers.RunAsync(serverPeers, serverNumbers.Length > 0 ? Number(serverNumbers[0]) : 3, serverNumbers.Length > 1 ? Number(serverNumbers[1]) : 8);
if (args is ["many", var manyModel, var manyFolder, var count]) return await ManyImages.RunAsync(manyModel, manyFolder, Number(count));
if (args is ["second", var secondModel, var secondFolder, var secondRounds]) return await SecondRun.RunAsync(secondModel, secondFolder, Number(secondRounds));
if (args is ["stores", var storedCount, var storedDim, var storeRounds]) return CacheStores.Run(Number(storedCount), Number(storedDim), Number(storeRounds));
if (args is ["device", var deviceModel, var deviceFolder, var provider, .. var batches])
    return await DevicePeers.RunAsync(deviceModel, deviceFolder, Enum.Parse<ExecutionProvider>(provider, ignoreCase: true), batches.Length > 0 ? [.. batches.Select(Number)] : [1, 32, 256]);
if (args is ["neighbors", var vectors, var length, var searches]) return NeighborSpeed.Run(Number(vectors), Number(length), Number(searches));
if (args is ["check", var checkedModel, var checkedFolder, var plantings]) return await PlantedFaults.RunAsync(checkedModel, checkedFolder, Number(plantings)).ConfigureAwait(false);
if (args is ["check-many", var manyRows, var manyDim]) return CheckManyRows.Run(Number(manyRows), Number(manyDim));
if (args is ["keras", var folderOfPeers, .. var photos]) return KerasPeers.Run(folderOfPeers, photos);
if (args is ["quantized", var tflite, .. var folders]) return QuantizedAgreement.Run(tflite, folders);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
