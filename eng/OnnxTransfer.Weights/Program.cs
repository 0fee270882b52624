using OnnxTransfer;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

// Makes the file of a weights package: a published network behind a published graph of its preprocessing, as the one backbone that
// the catalog describes. The packaging project runs it: see packaging/OnnxTransfer.Models.ResNet18.
if (args is not [var id, var preprocessPath, var networkPath, var output])
{
    Console.Error.WriteLine("usage: OnnxTransfer.Weights ID PREPROCESS.onnx NETWORK.onnx OUTPUT.onnx");
    return 2;
}

try
{
    var card = new ModelStore().Find(id).Card;
    var model = OnnxModel.Load(networkPath);
    OnnxGraphJoin.Prepend(model, OnnxModel.Load(preprocessPath), model.Inputs[0].Name);
    OnnxGraphEditor.Rename(model, model.Inputs[0].Name, card.Input.Tensor);
    OnnxGraphEditor.Rename(model, model.Outputs[0].Name, card.Features.Tensor);
    OnnxAdapter.FreeBatch(model);
    model.SetMetadata("license", card.License);
    model.SetMetadata("source", card.Source);

    var bytes = model.ToBytes();
    var hash = FileHash.Sha256(bytes);
    if (hash != card.Sha256)
        throw new InvalidDataException($"The file of '{id}' has sha256 {hash} and {bytes.Length} bytes, but onnx-models/catalog.json states {card.Sha256}: undo the change to the graph code, or state the new hash there.");
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
    card.Save(ModelCard.PathFor(output));
    AtomicFile.Write(output, bytes);
    return 0;
}
catch (Exception exception) when (exception is ModelException or InvalidDataException or ArgumentException or NotSupportedException or IOException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
