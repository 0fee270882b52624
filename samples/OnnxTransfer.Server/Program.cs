// A web service on a trained classifier and a backbone:
//   dotnet run -c Release -- --Classifier:Path flowers.onnx
//   curl --data-binary @unknown.jpg http://localhost:5000/predict
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OnnxTransfer.Server;

var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration.Get<ServerSettings>() ?? new ServerSettings();
builder.AddImageService(settings);

var app = builder.Build();
// Listens from the start, not from the first look at the page.
app.Services.GetRequiredService<MetricsPage>();
app.UseExceptionHandler();
app.UseRateLimiter();
app.MapOpenApi();
// Alive while the process answers; ready when the models are open.
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
app.MapHealthChecks("/health/ready");
app.MapGet("/metrics", (MetricsPage metrics) => Results.Text(metrics.Write(), "text/plain; version=0.0.4"));
app.MapImageService(settings);
app.Run();
