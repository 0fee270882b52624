using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>The whole way on real photos with a real ImageNet network, where the shared folder is beside the checkout.</summary>
public sealed class RealPhotosTests
{
    private const string Model = "models/mobilenet_v2_imagenet.onnx";

    [SharedFact(Model)]
    public void Classify_answers_military_uniform_for_grace_hopper()
    {
        var result = Cli.Run("classify", Repository.SharedPath("data", "grace_hopper.bmp"), "--backbone", Repository.SharedPath(Model), "--json");
        Assert.Equal(0, result.ExitCode);
        var first = result.Json[0];
        Assert.Equal(653, first.GetProperty("index").GetInt32());
        Assert.Equal("military uniform", first.GetProperty("label").GetString());
        Assert.InRange(first.GetProperty("probability").GetDouble(), 0.68, 0.76);
    }

    [SharedFact(Model)]
    public void Cats_and_dogs_are_told_apart_and_predict_agrees_with_another_process_to_the_bit()
    {
        using var folder = new TempFolder();
        var classifier = folder.File("cats-dogs.onnx");
        var trained = Cli.Run(
            "train", Repository.SharedPath("data", "cats_vs_dogs"), "--out", classifier, "--backbone", Repository.SharedPath(Model),
            "--split", "80/0/20", "--provider", "cpu", "--json");
        Assert.Equal(0, trained.ExitCode);
        Assert.True(trained.Json.GetProperty("test").GetProperty("accuracy").GetDouble() >= 0.95, trained.Output);

        var cat = Repository.SharedPath("data", "cat_720p.jpg");
        var first = Cli.Run("predict", classifier, cat, "--json", "--provider", "cpu");
        var second = Cli.Run("predict", classifier, cat, "--json", "--provider", "cpu");
        Assert.Equal(0, first.ExitCode);
        Assert.Equal("cats", first.Json[0].GetProperty("label").GetString());
        Assert.Equal(first.Output, second.Output);
    }
}
