#!/usr/bin/env dotnet
// What an application gets of each package: `dotnet run eng/sizes.cs [PACKAGE...]` after `dotnet run build.cs pack`.
// Builds and publishes a console application with the packages in artifacts/packages, compares the native files of every publish with those
// that its platform should have, runs what this machine can run on a picture, and prints one table. Exits with 1 at the first surprise.
#:project OnnxTransfer.Build/OnnxTransfer.Build.csproj
#:property PublishAot=false

using System.Runtime.InteropServices;
using System.Xml.Linq;
using OnnxTransfer.Build;

var root = Path.GetFullPath(Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, ".."));
var work = Path.Combine(root, "artifacts", "sizes");
var version = XDocument.Load(Path.Combine(root, "Directory.Build.props")).Descendants("Version").Single().Value;
var here = RuntimeInformation.RuntimeIdentifier;
string[] platforms = ["linux-x64", "linux-arm64", "osx-arm64", "win-x64", "win-arm64"];
var failures = 0;

Application[] applications =
[
    new("OnnxTransfer", ["OnnxTransfer"], platforms),
    new("OnnxTransfer + Models.ResNet18", ["OnnxTransfer", "OnnxTransfer.Models.ResNet18"], platforms),
    new("OnnxTransfer + Vips", ["OnnxTransfer", "OnnxTransfer.Vips"], platforms),
    new("OnnxTransfer + Heic", ["OnnxTransfer", "OnnxTransfer.Heic"], platforms),
    new("OnnxTransfer + Parquet", ["OnnxTransfer", "OnnxTransfer.Parquet"], platforms),
    new("OnnxTransfer.Gpu", ["OnnxTransfer.Gpu"], ["linux-x64", "win-x64"]),
];
if (args.Length > 0) applications = [.. applications.Where(application => args.Contains(application.Name))];

if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
Console.WriteLine("MB of 10^6 bytes; bin and portable are for no particular platform.");
Console.WriteLine();
Console.WriteLine($"| package | bin | portable | {string.Join(" | ", platforms)} | {here}, self-contained and trimmed |");
Console.WriteLine($"|---|{string.Concat(Enumerable.Repeat("---|", platforms.Length + 3))}");
foreach (var application in applications)
{
    var folder = Create(application);
    var cells = new List<string> { Build(folder), Publish(application, folder, null, trimmed: false) };
    cells.AddRange(platforms.Select(platform => application.Platforms.Contains(platform) ? Publish(application, folder, platform, trimmed: false) : "-"));
    cells.Add(application.Platforms.Contains(here) ? Publish(application, folder, here, trimmed: true) : "-");
    Console.WriteLine($"| {application.Name} | {string.Join(" | ", cells)} |");
}

Console.WriteLine();
if (args.Length == 0)
{
    NamesThePackageAtRunTime();
    Refuses("without ONNX Runtime", ["OnnxTransfer.Core"], null, "OT1001");
    Refuses("on CUDA, for a Mac", ["OnnxTransfer.Gpu"], "osx-arm64", "OT1001");
    Refuses("on both runtimes", ["OnnxTransfer", "OnnxTransfer.Gpu"], null, "OT1002");
    Refuses("on both runtimes, for Linux", ["OnnxTransfer", "OnnxTransfer.Gpu"], "linux-x64", "OT1002");
    Refuses("for an Intel Mac", ["OnnxTransfer"], "osx-x64", "OT1003");
    Refuses("for Alpine", ["OnnxTransfer"], "linux-musl-x64", "OT1003");
    Console.WriteLine();
    foreach (var package in Directory.EnumerateFiles(Path.Combine(root, "artifacts", "packages"), "*.nupkg").Order(StringComparer.Ordinal))
    {
        Console.WriteLine($"{new FileInfo(package).Length / 1e6,7:0.0} MB  {Path.GetFileName(package)}");
    }
}

return failures == 0 ? 0 : 1;

string Create(Application application)
{
    var folder = Path.Combine(work, application.Name.Replace(" ", "", StringComparison.Ordinal));
    Directory.CreateDirectory(folder);
    // Keeps the settings of this repository out.
    foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" }) File.WriteAllText(Path.Combine(folder, file), "<Project />");
    File.Copy(Path.Combine(root, "samples", "OnnxTransfer.QuickStart", "nuget.config"), Path.Combine(folder, "nuget.config"));
    var config = XDocument.Load(Path.Combine(folder, "nuget.config"));
    config.Descendants("add").Single(one => (string?)one.Attribute("key") == "packed").SetAttributeValue("value", Path.Combine(root, "artifacts", "packages"));
    config.Descendants("add").Single(one => (string?)one.Attribute("key") == "globalPackagesFolder").SetAttributeValue("value", Path.Combine(work, "packages"));
    config.Save(Path.Combine(folder, "nuget.config"));
    File.WriteAllText(Path.Combine(folder, "app.csproj"), $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <InvariantGlobalization>true</InvariantGlobalization>
            <UseAppHost>false</UseAppHost>
          </PropertyGroup>
          <ItemGroup>
            {string.Concat(application.Packages.Select(package => $"<PackageReference Include=\"{package}\" Version=\"{version}\" />"))}
          </ItemGroup>
        </Project>
        """);
    File.WriteAllText(Path.Combine(folder, "Program.cs"), """
        using OnnxTransfer;

        using var extractor = FeatureExtractor.Load(args[0]);
        Console.WriteLine($"{extractor.Embed(args[1]).Length} numbers");
        """);
    return folder;
}

string Build(string folder)
{
    var output = Path.Combine(folder, "bin", "Release", "net10.0");
    Dotnet(folder, ["build", "-c", "Release", "--nologo"], output);
    Run(folder, Path.Combine(output, "app.dll"));
    return Megabytes(output);
}

string Publish(Application application, string folder, string? platform, bool trimmed)
{
    var output = Path.Combine(folder, "out", platform is null ? "portable" : platform + (trimmed ? "-trimmed" : ""));
    string[] forPlatform = platform is null ? [] : ["-r", platform, trimmed ? "-p:PublishTrimmed=true" : "--no-self-contained"];
    Dotnet(folder, ["publish", "-c", "Release", "--nologo", "-o", output, .. forPlatform, .. trimmed ? ["--self-contained", "-p:UseAppHost=true"] : Array.Empty<string>()], output);
    if (!trimmed)
    {
        var found = Natives(output);
        // win-arm64 comes only where it is built.
        var wanted = (platform is null ? platforms.Where(one => one != "win-arm64" || here == "win-arm64") : [platform])
            .SelectMany(one => Expected(application, one, inFolders: platform is null)).Order(StringComparer.Ordinal).ToList();
        if (!found.SequenceEqual(wanted)) Fail($"{application.Name}, {platform ?? "portable"}: surplus {string.Join(", ", found.Except(wanted))}; missing {string.Join(", ", wanted.Except(found))}");
    }

    if (platform is null) Run(folder, Path.Combine(output, "app.dll"));
    else if (platform == here) Run(folder, Path.Combine(output, trimmed ? "app" : "app.dll"));
    return Megabytes(output);
}

// The natives that a platform needs and no others.
IEnumerable<string> Expected(Application application, string platform, bool inFolders)
{
    var gpu = application.Packages.Contains("OnnxTransfer.Gpu");
    var hasRuntime = application.Platforms.Contains(platform);
    var (prefix, suffix) = platform.StartsWith("win") ? ("", ".dll") : ("lib", platform.StartsWith("osx") ? ".dylib" : ".so");
    if (hasRuntime) yield return At(platform, $"{prefix}onnxruntime{suffix}");
    if (hasRuntime && !platform.StartsWith("osx")) yield return At(platform, $"{prefix}onnxruntime_providers_shared{suffix}");
    if (gpu && hasRuntime) yield return At(platform, $"{prefix}onnxruntime_providers_cuda{suffix}");
    if (gpu && hasRuntime) yield return At(platform, $"{prefix}onnxruntime_providers_tensorrt{suffix}");
    yield return At(platform.StartsWith("osx") ? "osx" : platform, $"libSkiaSharp{suffix}");
    yield return At(platform, $"{prefix}e_sqlite3{suffix}");
    if (application.Packages.Contains("OnnxTransfer.Vips")) yield return At(platform, platform.StartsWith("win") ? "libvips-42.dll" : platform.StartsWith("osx") ? "libvips.42.dylib" : "libvips.so.42");
    if (application.Packages.Contains("OnnxTransfer.Heic")) yield return At(platform, $"Magick.Native-Q8-{(platform.EndsWith("arm64") ? "arm64" : "x64")}.dll{(suffix == ".dll" ? "" : suffix)}");

    string At(string folder, string name) => inFolders ? $"runtimes/{folder}/native/{name}" : name;
}

// Every file that is neither .NET code nor text nor a model.
List<string> Natives(string folder) =>
[
    .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsNative)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
];

bool IsNative(string file)
{
    if (Path.GetExtension(file) is ".json" or ".onnx" or ".txt" or ".md" or ".xml" || Path.GetFileName(file) == "app.pdb") return false;
    using var stream = File.OpenRead(file);
    try
    {
        return !new System.Reflection.PortableExecutable.PEReader(stream).HasMetadata;
    }
    catch (BadImageFormatException)
    {
        return true;
    }
}

void Refuses(string what, string[] packages, string? platform, string code)
{
    var folder = Create(new Application(what, packages, []));
    var (exitCode, output) = Shell.Capture("dotnet", ["build", "-c", "Release", "--nologo", .. platform is null ? Array.Empty<string>() : ["-r", platform]], folder);
    var error = output.Split('\n').FirstOrDefault(line => line.Contains($"error {code}", StringComparison.Ordinal));
    if (exitCode == 0 || error is null) Fail($"an application {what} should be refused with {code}, but the build said: {output}");
    else Console.WriteLine($"{what}: {error[error.IndexOf(code, StringComparison.Ordinal)..error.LastIndexOf('[')].Trim()}");
}

// A library that is lost after the build, for example by a copy of some of the files.
void NamesThePackageAtRunTime()
{
    var output = Path.Combine(work, "OnnxTransfer", "out", here);
    foreach (var file in Directory.EnumerateFiles(output, "*onnxruntime.*").Where(file => Path.GetExtension(file) is ".so" or ".dylib" || Path.GetFileName(file) == "onnxruntime.dll")) File.Delete(file);
    var (exitCode, text) = Shell.Capture("dotnet", [Path.Combine(output, "app.dll"), Model(), Picture()], output);
    if (exitCode == 0 || !text.Contains("Add the package OnnxTransfer (CPU)", StringComparison.Ordinal)) Fail($"without ONNX Runtime's library the application said: {text}");
    else Console.WriteLine($"at run time: {text.Split('\n').First(line => line.Contains("Add the package", StringComparison.Ordinal)).Trim()}");
}

void Run(string folder, string program)
{
    var (exitCode, output) = program.EndsWith(".dll") ? Shell.Capture("dotnet", [program, Model(), Picture()], folder) : Shell.Capture(program, [Model(), Picture()], folder);
    if (exitCode != 0 || output.Trim() != "512 numbers") Fail($"{program} ended with {exitCode}: {output}");
}

string Model()
{
    var model = Path.Combine(root, "artifacts", "obj", "OnnxTransfer.Models.ResNet18", "models", "resnet18.onnx");
    return File.Exists(model) ? model : throw new BuildException($"There is no {model}: run `dotnet run build.cs pack` first.");
}

string Picture() => Path.Combine(root, "src", "OnnxTransfer", "Preprocessing", "Parity", "picture.jpg");

void Dotnet(string folder, string[] arguments, string output)
{
    if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
    var (exitCode, text) = Shell.Capture("dotnet", arguments, folder);
    if (exitCode != 0) throw new BuildException($"dotnet {string.Join(' ', arguments)} in {folder} failed:{Environment.NewLine}{text}");
    // The library trims without warnings of its own.
    var warnings = text.Split('\n').Where(line => line.Contains(" warning ", StringComparison.Ordinal) && !line.Contains("IL2104: Assembly 'Google.Protobuf'", StringComparison.Ordinal));
    if (warnings.Any()) Fail($"dotnet {string.Join(' ', arguments)} in {folder} warned:{Environment.NewLine}{text}");
}

void Fail(string why)
{
    failures++;
    Console.Error.WriteLine($"error: {why}");
}

static string Megabytes(string folder) => $"{Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) / 1e6:0}";

internal sealed record Application(string Name, string[] Packages, string[] Platforms);
