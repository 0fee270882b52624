using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Server.Tests;

/// <summary>The service in memory, on a classifier of two colors.</summary>
public sealed class ServerTests : IClassFixture<ServerTests.Models>
{
    private static readonly byte[] s_warm = TestImage.NoisyPng(20, 20, (220, 40, 30), 99);
    private readonly Models _models;

    public ServerTests(Models models) => _models = models;

    [Fact]
    public async Task An_image_is_classified_as_the_library_does()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        using var response = await client.PostAsync("/predict?top=2", new ByteArrayContent(s_warm));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        using var classifier = ImageClassifier.Load(_models.Classifier, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var expected = classifier.Predict(s_warm);
        Assert.Equal("warm", expected.Label);
        Assert.Equal(expected.Label, answer.GetProperty("label").GetString());
        Assert.Equal(expected.Probability, answer.GetProperty("probability").GetSingle());
        Assert.Equal(["warm", "cold"], answer.GetProperty("top").EnumerateArray().Select(one => one.GetProperty("label").GetString()));
    }

    [Fact]
    public async Task An_image_is_embedded_as_the_library_does()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        using var response = await client.PostAsync("/embed", new ByteArrayContent(s_warm));
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        using var extractor = FeatureExtractor.Load(_models.Backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        Assert.Equal(extractor.Embed(s_warm), answer.GetProperty("vector").EnumerateArray().Select(one => one.GetSingle()));
        Assert.Equal("tiny", answer.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/octet-stream")]
    // What `curl --data-binary` says.
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task An_image_is_known_by_its_bytes_whatever_the_request_says(string? type)
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        foreach (var address in new[] { "/predict", "/embed" })
        {
            using var content = new ByteArrayContent(s_warm);
            if (type is not null) content.Headers.ContentType = new(type);
            using var response = await client.PostAsync(address, content);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("/predict")]
    [InlineData("/embed")]
    public async Task Bytes_that_are_no_image_are_a_bad_request(string address)
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        await AssertProblemAsync(client.PostAsync(address, new ByteArrayContent("no image"u8.ToArray())), HttpStatusCode.BadRequest, "");
        await AssertProblemAsync(client.PostAsync(address, new ByteArrayContent([])), HttpStatusCode.BadRequest, "");
        await AssertProblemAsync(client.PostAsync(address, new ByteArrayContent(s_warm[..(s_warm.Length / 2)])), HttpStatusCode.BadRequest, "");
    }

    [Fact]
    public async Task A_wrong_count_of_classes_is_a_bad_request()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        await AssertProblemAsync(client.PostAsync("/predict?top=0", new ByteArrayContent(s_warm)), HttpStatusCode.BadRequest, "top is 0");
    }

    [Fact]
    public async Task What_is_too_large_is_refused_before_it_is_read_or_decoded()
    {
        await using var server = new Server(_models, ("MaxBodyBytes", "2000"), ("MaxPixels", "1000"));
        using var client = server.CreateClient();
        await AssertProblemAsync(client.PostAsync("/predict", new ByteArrayContent(new byte[2001])), HttpStatusCode.RequestEntityTooLarge, "2000 bytes");
        // Without a stated length, the limit holds while the body is read.
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/predict") { Content = new StreamContent(new Unseekable(new byte[5000])) };
        chunked.Headers.TransferEncodingChunked = true;
        await AssertProblemAsync(client.SendAsync(chunked), HttpStatusCode.BadRequest, "2,000 bytes");
        await AssertProblemAsync(client.PostAsync("/predict", new ByteArrayContent(TestImage.Bomb(5000, 5000))), HttpStatusCode.BadRequest, "pixels");
    }

    [Fact]
    public async Task A_full_server_refuses_and_serves_again()
    {
        await using var server = new Server(_models, ("MaxConcurrentImages", "1"), ("MaxWaitingRequests", "0"));
        // Following redirects would read the whole body before it is sent.
        using var client = server.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
        var rest = new TaskCompletionSource();
        var slow = Slow();
        HttpResponseMessage refused;
        for (var tries = 0; ; tries++)
        {
            // Until the slow one has the place; it may find it taken by this one, and comes again.
            Assert.InRange(tries, 0, 200);
            refused = await client.PostAsync("/predict", new ByteArrayContent(s_warm));
            if (slow.IsCompleted) slow = Slow();
            else if (refused.StatusCode != HttpStatusCode.OK) break;
            await Task.Delay(10);
        }

        Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        await AssertProblemAsync(Task.FromResult(refused), HttpStatusCode.ServiceUnavailable, "places are taken");
        rest.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await slow).StatusCode);
        using var again = await client.PostAsync("/predict", new ByteArrayContent(s_warm));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);

        Task<HttpResponseMessage> Slow() => client.PostAsync("/predict", new SlowContent(s_warm, rest.Task));
    }

    [Fact]
    public async Task Health_says_alive_and_ready_until_the_model_is_closed()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        Assert.Equal("Healthy", await client.GetStringAsync("/health/live"));
        Assert.Equal("Healthy", await client.GetStringAsync("/health/ready"));
        server.Services.GetRequiredService<ReloadableClassifier>().Dispose();
        using var ready = await client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("Healthy", await client.GetStringAsync("/health/live"));
    }

    [Theory]
    [InlineData("Classifier:Path", "/predict", "/embed")]
    [InlineData("Model", "/embed", "/predict")]
    public async Task Without_its_model_an_address_is_missing(string setting, string missing, string other)
    {
        await using var server = new Server(_models, (setting, ""));
        using var client = server.CreateClient();
        using var response = await client.PostAsync(missing, new ByteArrayContent(s_warm));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        using var answered = await client.PostAsync(other, new ByteArrayContent(s_warm));
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        Assert.Equal("Healthy", await client.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task The_description_names_the_addresses_and_their_answers()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        var paths = (await client.GetFromJsonAsync<JsonElement>("/openapi/v1.json")).GetProperty("paths");
        foreach (var address in new[] { "/predict", "/embed" })
        {
            var responses = paths.GetProperty(address).GetProperty("post").GetProperty("responses");
            foreach (var status in new[] { "200", "400", "413", "503" }) Assert.True(responses.TryGetProperty(status, out _), $"{address} {status}");
        }
    }

    [Fact]
    public async Task Metrics_count_images_by_what_became_of_them()
    {
        await using var server = new Server(_models);
        using var client = server.CreateClient();
        await client.PostAsync("/embed", new ByteArrayContent(s_warm));
        await client.PostAsync("/embed", new ByteArrayContent("no image"u8.ToArray()));
        var page = await client.GetStringAsync("/metrics");
        Assert.Matches("onnxtransfer_images_total\\{onnxtransfer_model=\"tiny\",onnxtransfer_outcome=\"embedded\"\\} [1-9]", page);
        Assert.Matches("onnxtransfer_images_total\\{onnxtransfer_model=\"tiny\",onnxtransfer_outcome=\"skipped\"\\} [1-9]", page);
        // Nothing is in flight.
        foreach (var name in new[] { "waiting", "active", "memory_bytes" }) Assert.Contains($"onnxtransfer_decode_{name} 0\n", page);
        foreach (var stage in new[] { "read", "prepare", "run" })
            Assert.Matches($"onnxtransfer_stage_duration_seconds_count\\{{onnxtransfer_model=\"tiny\",onnxtransfer_stage=\"{stage}\"\\}} [1-9]", page);
    }

    private static async Task AssertProblemAsync(Task<HttpResponseMessage> call, HttpStatusCode status, string detail)
    {
        using var response = await call;
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains(detail, problem.GetProperty("detail").GetString());
    }

    /// <summary>A backbone and a classifier, made once.</summary>
    public sealed class Models : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Models()
        {
            TinyBackbone.Write(Backbone);
            for (var i = 0; i < 8; i++)
            {
                File.WriteAllBytes(_folder.File("photos", "warm", $"{i}.png"), TestImage.NoisyPng(20, 20, (220, 40, 30), i));
                File.WriteAllBytes(_folder.File("photos", "cold", $"{i}.png"), TestImage.NoisyPng(20, 20, (20, 40, 230), i));
            }

            using var extractor = FeatureExtractor.Load(Backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
            var result = ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(_folder.File("photos", "x")[..^2]), new TrainingPlan { Epochs = 20 }).GetAwaiter().GetResult();
            result.Classifier.Save(Classifier);
        }

        internal string Backbone => _folder.File("tiny.onnx");

        internal string Classifier => _folder.File("colors.onnx");

        public void Dispose() => _folder.Dispose();
    }

    private sealed class Server(Models models, params (string Key, string Value)[] settings) : WebApplicationFactory<Program>
    {
        protected override IHost CreateHost(IHostBuilder builder)
        {
            // Of a project that is no web application of its own, the factory looks for a folder that does not exist.
            var all = new Dictionary<string, string?> { [HostDefaults.ContentRootKey] = AppContext.BaseDirectory, ["Model"] = models.Backbone, ["Classifier:Path"] = models.Classifier };
            foreach (var (key, value) in settings) all[key] = value;
            builder.ConfigureHostConfiguration(configuration => configuration.AddInMemoryCollection(all));
            return base.CreateHost(builder);
        }
    }

    /// <summary>Sends half of the bytes, and the others when it is told to.</summary>
    private sealed class SlowContent(byte[] bytes, Task rest) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await stream.FlushAsync();
            await rest;
            await stream.WriteAsync(bytes.AsMemory(bytes.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
