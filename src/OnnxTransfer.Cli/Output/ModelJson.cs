namespace OnnxTransfer.Cli.Output;

/// <summary>One line of <c>models list</c>.</summary>
internal sealed record ModelJson(
    string Id, string? License, string Layout, int Height, int Width, int Dim, long? Bytes, string? Sha256, double? Top1, double? Top5,
    string From, bool Present, string? Path, string? Source);

/// <summary>What <c>models info</c> prints; a model that is not on this machine has only what the catalog says.</summary>
internal sealed record ModelInfoJson
{
    public required string Id { get; init; }

    public bool Present { get; init; }

    public string? Path { get; init; }

    public long? Bytes { get; init; }

    public string? Sha256 { get; init; }

    public string? License { get; init; }

    public string? Source { get; init; }

    public double? Top1 { get; init; }

    public double? Top5 { get; init; }

    public string? Producer { get; init; }

    public long? Opset { get; init; }

    public long? IrVersion { get; init; }

    public IReadOnlyList<TensorJson>? Inputs { get; init; }

    public IReadOnlyList<TensorJson>? Outputs { get; init; }

    public string? Layout { get; init; }

    public int? Height { get; init; }

    public int? Width { get; init; }

    public string? WhyBatchFixed { get; init; }

    public string? Features { get; init; }

    public string? FeaturesNote { get; init; }

    public int? Dim { get; init; }

    public ParametersJson? Parameters { get; init; }

    public long? FlopsPerImage { get; init; }

    public PreprocessJson? Preprocess { get; init; }
}

internal sealed record PreprocessJson(
    string Filter, int? Width, int? Height, int? ShortestEdge, int? CropSize, double Rescale, IReadOnlyList<double> Mean, IReadOnlyList<double> Std, string Channels)
{
    /// <summary>A crop that is no square, which has no <see cref="CropSize"/>.</summary>
    public SizeJson? Crop { get; init; }

    /// <summary>The rounding of a crop that does not begin as torchvision's; null for all others.</summary>
    public string? CropRounding { get; init; }

    internal static PreprocessJson From(PreprocessSpec spec) => new(
        spec.Filter.ToString(), (spec.Resize as StretchResize)?.Width, (spec.Resize as StretchResize)?.Height, (spec.Resize as ShortestEdgeResize)?.Edge,
        CropOf(spec.Resize) is { } square && square.Width == square.Height ? square.Width : null,
        spec.Rescale, spec.Mean, spec.Std, spec.Bgr ? "BGR" : "RGB")
    {
        Crop = CropOf(spec.Resize) is { } crop && crop.Width != crop.Height ? new SizeJson(crop.Width, crop.Height) : null,
        CropRounding = CropOf(spec.Resize) is not null && spec.Resize.CropRounding != OnnxTransfer.CropRounding.HalfToEven ? spec.Resize.CropRounding.ToString() : null,
    };

    private static ImageSize? CropOf(Resize resize) => resize is StretchResize stretch ? stretch.Crop : resize.OutputSize;
}

internal sealed record SizeJson(int Width, int Height);

internal sealed record ParametersJson(long File, long Frozen, int? Classes, long? Trainable, long? Total);

internal sealed record TensorJson(string Name, string ElementType, IReadOnlyList<long?>? Shape, string? Operator, int? Dim, long? ParametersSoFar, long? FlopsSoFar)
{
    internal string Text => $"{Name} {ElementType} {ShapeText(Shape)}";

    internal static TensorJson From(ModelTensor tensor) => new(
        tensor.Name, tensor.ElementType, tensor.Shape, tensor.Operator, tensor.Dim, tensor.Operator is null ? null : tensor.ParametersSoFar, tensor.FlopsSoFar);

    /// <summary>As <c>[N,7,7,1280]</c>: a free first axis is the batch, any other a question mark.</summary>
    internal static string ShapeText(IReadOnlyList<long?>? shape) =>
        shape is null ? "[...]" : $"[{string.Join(",", shape.Select((size, axis) => size?.ToString() ?? (axis == 0 ? "N" : "?")))}]";
}

internal sealed record CutJson(string Model, string Features, int? Dim, long Bytes, long Parameters);

internal sealed record WeightsJson(
    string Model, IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> WrongShape, IReadOnlyList<string> Unused);

internal sealed record CardJson(string Card, int Dim, int Classes, int Width, int Height);
