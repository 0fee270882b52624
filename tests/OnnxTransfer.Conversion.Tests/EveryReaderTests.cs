using OnnxTransfer.Fuzz;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Conversion.Tests;

/// <summary>
/// Every reader of models, weights, features and tables: for any bytes there is a result or the error that its door documents, in bounded memory.
/// The fuzzer gives the same readers more bytes and looks at their branches.
/// </summary>
public sealed class EveryReaderTests
{
    private const int Mutations = 1500;
    private const long MostAllocated = 64 << 20;

    public static TheoryData<string> Readers => [.. ModelParsers.All.Select(parser => parser.Name).Except(["h5", "keras-zip"])];

    [Theory]
    [MemberData(nameof(Readers))]
    public void MutatedFilesGiveAResultOrTheDocumentedError(string reader) => Check(reader);

    [PythonTheory]
    [InlineData("h5")]
    [InlineData("keras-zip")]
    public void MutatedFilesOfKerasGiveAResultOrTheDocumentedError(string reader) => Check(reader);

    private static void Check(string reader)
    {
        var parser = ModelParsers.All.Single(one => one.Name == reader);
        var sound = parser.Sound();
        foreach (var file in sound) Read(parser, file);
        for (var number = 0; number < Mutations; number++) Read(parser, Mutator.Mutate(sound, number));
    }

    private static void Read(Parser parser, byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            parser.Read(bytes);
        }
        catch (Exception exception) when (parser.Refuses(exception))
        {
            Assert.InRange(exception.Message.Length, 20, 20_000);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
    }
}
