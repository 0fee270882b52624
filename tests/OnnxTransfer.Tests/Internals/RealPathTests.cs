using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

public sealed class RealPathTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("weights.bin")]
    [InlineData("parts/weights.bin")]
    [InlineData("parts/../weights.bin")]
    [InlineData("..weights")]
    public void A_name_below_the_folder_is_a_file_beside_the_model(string name) =>
        Assert.Equal(Path.GetFullPath(_folder.File("model", name)), RealPath.BesideModel(_folder.File("model", "model.onnx"), name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../weights.bin")]
    [InlineData("parts/../../weights.bin")]
    [InlineData("../model2/weights.bin")]
    [InlineData("wei\0ghts.bin")]
    [InlineData("/etc/hosts")]
    public void A_name_that_leads_out_is_none(string name) => Assert.Null(RealPath.BesideModel(_folder.File("model", "model.onnx"), name));

    [Fact]
    public void A_link_may_lead_to_the_folder_or_to_that_of_the_model_that_a_link_leads_to()
    {
        var (model, blob, secret) = (_folder.File("snapshot", "model.onnx"), _folder.File("blobs", "1"), _folder.File("secret", "2"));
        foreach (var file in (string[])[blob, secret, _folder.File("blobs", "3")]) File.WriteAllText(file, "");
        File.CreateSymbolicLink(model, blob);
        File.CreateSymbolicLink(_folder.File("snapshot", "weights"), _folder.File("blobs", "3"));
        File.CreateSymbolicLink(_folder.File("snapshot", "stolen"), secret);
        Assert.Equal(_folder.File("snapshot", "weights"), RealPath.BesideModel(model, "weights"));
        Assert.Null(RealPath.BesideModel(model, "stolen"));
        // The name itself must stay in the folder.
        Assert.Null(RealPath.BesideModel(model, "../blobs/3"));
    }
}
