using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace OnnxTransfer.Build;

/// <summary>Starts the web service that was built on the packages, and asks each of its addresses over HTTP.</summary>
/// <param name="folder">The built service.</param>
/// <param name="classifier">The classifier that it serves.</param>
public sealed class PackageServer(string folder, string classifier)
{
    private const string Listening = "Now listening on: ";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Asks for what a client, a probe and a monitor ask for.</summary>
    /// <param name="photos">A photo of each class, by its class.</param>
    /// <exception cref="BuildException">The service did not start or gave another answer.</exception>
    public async Task CheckAsync(IReadOnlyDictionary<string, string> photos)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, "OnnxTransfer.Server"), ["--urls", "http://127.0.0.1:0", "--Classifier:Path", classifier])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            using var client = new HttpClient { BaseAddress = await AddressAsync(process.StandardOutput).WaitAsync(s_patience), Timeout = s_patience };
            // Nobody reads further, and a full pipe would stop the service.
            _ = process.StandardOutput.ReadToEndAsync();
            await CheckAsync(client, photos);
        }
        catch (Exception exception) when (exception is TimeoutException or TaskCanceledException or HttpRequestException)
        {
            throw new BuildException($"The service in {folder} did not answer: {exception.Message}");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task CheckAsync(HttpClient client, IReadOnlyDictionary<string, string> photos)
    {
        await ExpectAsync("GET /health/ready", client.GetAsync("/health/ready"), HttpStatusCode.OK, "Healthy");
        foreach (var (label, photo) in photos)
        {
            var answer = await ExpectAsync($"POST /predict of {photo}", client.PostAsync("/predict", await BytesAsync(photo)), HttpStatusCode.OK, "");
            var predicted = JsonDocument.Parse(answer).RootElement.GetProperty("label").GetString();
            if (predicted != label) throw new BuildException($"POST /predict of {photo}: the class is {label}, but the service says {predicted}.");
        }

        await ExpectAsync("POST /predict of no image", client.PostAsync("/predict", new ByteArrayContent("no image"u8.ToArray())), HttpStatusCode.BadRequest, "detail");
        var embedding = await ExpectAsync("POST /embed", client.PostAsync("/embed", await BytesAsync(photos.Values.First())), HttpStatusCode.OK, "");
        var length = JsonDocument.Parse(embedding).RootElement.GetProperty("vector").GetArrayLength();
        if (length != 512) throw new BuildException($"POST /embed: ResNet-18 has 512 features, but the service gives {length}.");
        await ExpectAsync("GET /metrics", client.GetAsync("/metrics"), HttpStatusCode.OK, "onnxtransfer_images_total{");
        await ExpectAsync("GET /openapi/v1.json", client.GetAsync("/openapi/v1.json"), HttpStatusCode.OK, "\"/predict\"");
        Console.WriteLine($"the service on the packages classified {photos.Count} photos and answered at every address");
    }

    private static async Task<string> ExpectAsync(string question, Task<HttpResponseMessage> call, HttpStatusCode status, string text)
    {
        using var response = await call;
        var answer = await response.Content.ReadAsStringAsync();
        return response.StatusCode == status && answer.Contains(text, StringComparison.Ordinal)
            ? answer
            : throw new BuildException($"{question}: {(int)status} with '{text}' was expected, but the service gave {(int)response.StatusCode}: {answer}");
    }

    private static async Task<ByteArrayContent> BytesAsync(string path) => new(await File.ReadAllBytesAsync(path));

    private static async Task<Uri> AddressAsync(StreamReader log)
    {
        while (await log.ReadLineAsync() is { } line)
        {
            var at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at >= 0) return new Uri(line[(at + Listening.Length)..]);
        }

        throw new BuildException("The service ended while it started; its errors are above.");
    }
}
