// The controller that one writes first: one session with its defaults, a run per request, and no limits.
//   dotnet run -c Release --project benchmarks/peers/naive-server -- --Classifier flowers.onnx
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SkiaSharp;

var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
// A file that ImageClassifier.Save wrote: `pixels`, uint8 [N,H,W,3], to `probabilities`, float32 [N,C].
var session = new InferenceSession(app.Configuration["Classifier"] ?? throw new InvalidOperationException("Name the classifier: --Classifier flowers.onnx"));
int[] shape = session.InputMetadata["pixels"].Dimensions;
int height = shape[1], width = shape[2];

app.MapPost("/predict", async (HttpRequest request) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body);
    using var bitmap = SKBitmap.Decode(body.ToArray());
    if (bitmap is null) return Results.BadRequest();
    using var resized = bitmap.Resize(new SKImageInfo(width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    var colors = resized.Pixels;
    var pixels = new DenseTensor<byte>([1, height, width, 3]);
    for (var y = 0; y < height; y++)
    {
        for (var x = 0; x < width; x++)
        {
            var color = colors[y * width + x];
            pixels[0, y, x, 0] = color.Red;
            pixels[0, y, x, 1] = color.Green;
            pixels[0, y, x, 2] = color.Blue;
        }
    }

    using var results = session.Run([NamedOnnxValue.CreateFromTensor("pixels", pixels)]);
    var probabilities = results[0].AsEnumerable<float>().ToArray();
    return Results.Ok(new { index = probabilities.AsSpan().IndexOf(probabilities.Max()), probabilities });
});
app.MapGet("/health/ready", () => "Healthy");
app.Run();
