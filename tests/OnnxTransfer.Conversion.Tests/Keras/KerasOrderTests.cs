using System.Text;
using System.Text.Json.Nodes;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>A Keras file may list its layers in any order, use a model many times, and go in circles.</summary>
public sealed class KerasOrderTests
{
    [Fact]
    public void Layers_in_reverse_give_the_same_network_for_the_same_work()
    {
        JsonObject[] layers = [Input("input"), .. Enumerable.Range(0, 4000).Select(i => Layer($"layer{i}", "Activation", i == 0 ? "input" : $"layer{i - 1}"))];
        var (expected, work) = Measured(Json(layers, "layer3999"));
        var (reversed, reversedWork) = Measured(Json([.. layers.Reverse().Select(layer => layer.DeepClone().AsObject())], "layer3999"));
        Assert.True(expected.AsSpan().SequenceEqual(reversed));
        Assert.InRange(reversedWork, 0, work + (work / 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Layers_in_a_circle_are_refused(int length)
    {
        JsonObject[] layers = [Input("input"), .. Enumerable.Range(0, length).Select(i => Layer($"layer{i}", "Add", "input", $"layer{(i + 1) % length}"))];
        var error = Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(Json(layers, "layer0"), _ => default));
        Assert.Contains("reads what is never computed", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Ten calls of a model of ten calls, twelve deep, are 10^12 layers in a file of a few kilobytes.</summary>
    [Fact]
    public void A_model_that_stands_for_more_layers_than_any_network_has_is_refused()
    {
        var inner = Layer("deepest", "Activation", "input");
        for (var depth = 0; depth < 12; depth++)
        {
            JsonObject[] layers = [Input("input"), Used(inner, 10), Layer("sum", "Add")];
            layers[2]["inbound_nodes"] = new JsonArray(new JsonArray([.. Enumerable.Range(0, 10).Select(call => Reference(layers[1], call))]));
            inner = new JsonObject { ["class_name"] = "Functional", ["name"] = $"model{depth}", ["config"] = Network($"model{depth}", layers, "sum"), ["inbound_nodes"] = Inbound("input") };
        }

        var error = Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(Json([Input("input"), inner], "model11"), _ => default));
        Assert.Contains("more than 100000 layers", error.Message, StringComparison.Ordinal);
    }

    private static (byte[] Onnx, long Bytes) Measured(byte[] json)
    {
        KerasConverter.Convert(json, _ => default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var onnx = KerasConverter.Convert(json, _ => default);
        return (onnx, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static JsonObject Used(JsonObject layer, int times)
    {
        layer["inbound_nodes"] = new JsonArray([.. Enumerable.Range(0, times).Select(_ => Inbound("input")[0]!.DeepClone())]);
        return layer;
    }

    private static JsonArray Reference(JsonObject layer, int call) => new((string)layer["name"]!, call, 0, new JsonObject());

    private static JsonArray Inbound(params string[] inputs) => inputs.Length == 0 ? [] : new JsonArray(new JsonArray([.. inputs.Select(input => new JsonArray(input, 0, 0, new JsonObject()))]));

    private static JsonObject Input(string name) => new()
    {
        ["class_name"] = "InputLayer",
        ["name"] = name,
        ["config"] = new JsonObject { ["name"] = name, ["batch_input_shape"] = new JsonArray(null, 2, 2, 3) },
        ["inbound_nodes"] = new JsonArray(),
    };

    private static JsonObject Layer(string name, string kind, params string[] inputs) => new()
    {
        ["class_name"] = kind,
        ["name"] = name,
        ["config"] = new JsonObject { ["name"] = name, ["activation"] = "relu" },
        ["inbound_nodes"] = Inbound(inputs),
    };

    private static JsonObject Network(string name, JsonObject[] layers, string output) => new()
    {
        ["name"] = name,
        ["layers"] = new JsonArray([.. layers]),
        ["input_layers"] = new JsonArray(new JsonArray("input", 0, 0)),
        ["output_layers"] = new JsonArray(new JsonArray(output, 0, 0)),
    };

    private static byte[] Json(JsonObject[] layers, string output) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["modelTopology"] = new JsonObject { ["model_config"] = new JsonObject { ["class_name"] = "Functional", ["config"] = Network("network", layers, output) } },
        ["weightsManifest"] = new JsonArray(),
    }.ToJsonString());
}
