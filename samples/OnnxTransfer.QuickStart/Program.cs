using OnnxTransfer;

// dotnet run -- PHOTOS IMAGE [BACKBONE]
using var extractor = await FeatureExtractor.LoadAsync(args.ElementAtOrDefault(2) ?? "resnet18");
var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(args[0]));
result.Classifier.Save("classifier.onnx");
using var classifier = ImageClassifier.Load("classifier.onnx");
Console.WriteLine($"{args[1]} is {classifier.Predict(args[1]).Label}; accuracy on test images {result.Test!.Accuracy:P0}");
