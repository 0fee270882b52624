using System.Diagnostics;
using System.Text.RegularExpressions;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Packaging;

/// <summary>The package of docs/own-model-package.md, made and used as the page says, on NuGet packages of this machine alone.</summary>
public sealed class ModelPackageTests : IDisposable
{
    private const string Id = "Acme.Models.Screws";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_package_of_the_documentation_reaches_applications_on_every_way()
    {
        var model = WriteProject();
        Dotnet("pack", $"{Id}/{Id}.csproj", "-o", "feed");
        var reference = $"""<PackageReference Include="{Id}" Version="1.0.0" />""";
        WriteApplication("ByPackage", reference);
        WriteLibrary("Library", reference);
        WriteApplication("ByLibrary", """<ProjectReference Include="../Library/Library.csproj" />""");
        WriteApplication("ByProject", $"""<ProjectReference Include="../{Id}/{Id}.csproj" ReferenceOutputAssembly="false" />""");

        foreach (var application in new[] { "ByPackage", "ByLibrary", "ByProject" })
        {
            Dotnet("build", application, "-o", $"out/{application}");
            Assert.Equal(model, Embed(_folder.File("out", application)));
        }

        var rid = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
        foreach (var application in new[] { "ByPackage", "ByProject" })
        {
            Dotnet("publish", application, "-r", rid, "--self-contained", "false", "-p:PublishSingleFile=true", "-p:EnableSingleFileAnalyzer=false", "-o", $"single/{application}");
            Assert.False(File.Exists(_folder.File("single", application, $"{application}.dll")), "this is no single file");
            Assert.Equal(model, Embed(_folder.File("single", application)));
        }
    }

    /// <summary>The vector of an image by the model that an application has beside it.</summary>
    private float[] Embed(string application)
    {
        var store = new ModelStore { Folder = _folder.File("store"), IsOffline = true, Application = new ApplicationModels(Path.Combine(application, "onnxtransfer", "models")) };
        using var extractor = FeatureExtractor.Load("screws", new() { Provider = ExecutionProvider.Cpu, Store = store });
        return extractor.Embed((ReadOnlySpan<byte>)TestImage.NoisyPng(20, 30, (200, 90, 30), seed: 1));
    }

    /// <summary>The project as the page has it, with a small network; returns what that network computes where it is.</summary>
    private float[] WriteProject()
    {
        var page = File.ReadAllText(Repository.PathOf("docs", "own-model-package.md"));
        var blocks = Regex.Matches(page, "```xml\n(.*?)```", RegexOptions.Singleline).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(2, blocks.Count);
        File.WriteAllText(_folder.File(Id, $"{Id}.csproj"), blocks[0]);
        File.WriteAllText(_folder.File(Id, "build", $"{Id}.targets"), blocks[1]);
        var path = _folder.File(Id, "models", "screws.onnx");
        TinyBackbone.Write(path);
        (TinyBackbone.Card() with { Id = "screws" }).Save(ModelCard.PathFor(path));
        // Packages come from the folder alone, and are unpacked below this one.
        File.WriteAllText(_folder.File("nuget.config"), """
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <packageSources><clear /><add key="feed" value="feed" /></packageSources>
            </configuration>
            """);
        Directory.CreateDirectory(_folder.File("feed"));
        using var extractor = FeatureExtractor.Load(path, new() { Provider = ExecutionProvider.Cpu });
        return extractor.Embed((ReadOnlySpan<byte>)TestImage.NoisyPng(20, 30, (200, 90, 30), seed: 1));
    }

    private void WriteApplication(string name, string reference)
    {
        Write(name, "<OutputType>Exe</OutputType>", reference);
        File.WriteAllText(_folder.File(name, "Program.cs"), "return 0;");
    }

    private void WriteLibrary(string name, string reference) => Write(name, "", reference);

    private void Write(string name, string property, string reference) => File.WriteAllText(_folder.File(name, $"{name}.csproj"), $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><TargetFramework>net10.0</TargetFramework>{property}</PropertyGroup>
          <ItemGroup>{reference}</ItemGroup>
        </Project>
        """);

    private void Dotnet(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var argument in new[] { "-nologo", "-v:q", "-nodeReuse:false", "--disable-build-servers" }) start.ArgumentList.Add(argument);
        // What the test host's own build set is not for this one.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}{Environment.NewLine}{output}{error.GetAwaiter().GetResult()}");
    }
}
