#!/usr/bin/env dotnet
// The build script of this repository: `dotnet run build.cs demo | test | sample | bench | mutate | fuzz | pack | format`.
#:project eng/OnnxTransfer.Build/OnnxTransfer.Build.csproj
#:property PublishAot=false

using System.Runtime.InteropServices;
using OnnxTransfer.Build;

// The SDK tells a file-based program where its file is; a compile-time path would be a mapped one in a deterministic build.
var root = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
var target = args.FirstOrDefault() ?? "help";
var rest = args.Skip(1).ToList();
const string SharedVariable = "ONNXTRANSFER_SHARED";
string[] packages =
[
    "src/OnnxTransfer", "src/OnnxTransfer.Conversion", "src/OnnxTransfer.Vips", "src/OnnxTransfer.Heic", "src/OnnxTransfer.Parquet", "packaging/OnnxTransfer", "packaging/OnnxTransfer.Gpu",
    "packaging/OnnxTransfer.Models.ResNet18", "src/OnnxTransfer.Cli", "src/OnnxTransfer.Cluster",
];

try
{
    return target switch
    {
        "test" => await TestAsync(),
        "demo" => Demo(),
        "sample" => await SampleAsync(),
        "bench" => Bench(),
        "mutate" => Mutate(),
        "fuzz" => Dotnet(["run", "--project", "tests/OnnxTransfer.Fuzz", "-c", "Release", "--", .. rest]),
        "pack" => PackAll(),
        "format" => Format(),
        _ => Help(),
    };
}
catch (BuildException exception)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}

async Task<int> TestAsync()
{
    var all = rest.Remove("--all");
    // What a newcomer downloads stays small: the filter leaves out what needs CUDA's packages.
    var tests = Dotnet(["test", "eng/tests.slnf", "-c", "Release", "--nologo", .. rest]);
    // Whoever names tests by a filter wants those and nothing else.
    if (tests != 0 || rest.Count > 0) return tests;
    var sample = await SampleAsync();
    return sample == 0 && all ? Long() : sample;
}

// What takes minutes or large downloads: the long tests, the benchmarks build, and every package is measured in an application of every platform.
int Long()
{
    string[][] steps = [["test", "tests/OnnxTransfer.Tests", "-c", "Release", "--nologo", "--filter", "Category=Long"], ["test", "tests/OnnxTransfer.Vips.Tests", "-c", "Release", "--nologo", "--filter", "Category=Long"], ["test", "tests/OnnxTransfer.Cluster.Tests", "-c", "Release", "--nologo", "--filter", "Category=Long"], ["build", "OnnxTransfer.sln", "-c", "Release", "--nologo"], ["run", "build.cs", "pack"], ["run", "eng/sizes.cs"]];
    return steps.Select(Dotnet).FirstOrDefault(code => code != 0);
}

async Task<int> SampleAsync()
{
    var packed = Pack([.. packages.Where(project => !project.EndsWith("Gpu", StringComparison.Ordinal) && !project.EndsWith("Cluster", StringComparison.Ordinal))], RuntimeInformation.RuntimeIdentifier);
    return packed == 0 ? await new PackageSample(root).RunAsync() : packed;
}

int Demo()
{
    // `demo PHOTOS` and `demo -- PHOTOS` are the same; a path is meant from where the user is, not from the checkout.
    var photos = rest.Where(argument => argument != "--").Select(argument => Path.GetFullPath(argument));
    return Dotnet(["run", "--project", "samples/OnnxTransfer.Demo", "-c", "Release", "--", root, .. photos]);
}

// Without arguments every suite runs a short job; for figures to quote, name a filter and let BenchmarkDotNet choose.
int Bench()
{
    string[] arguments = rest.Count == 0 ? ["--filter", "*", "--job", "short"] : ["--filter", .. rest];
    return Dotnet(["run", "--project", "benchmarks/OnnxTransfer.Benchmarks", "-c", "Release", "--", .. arguments]);
}

// Changes the code in small ways and runs the tests on each change: those that no test notices are what to read. A folder takes minutes to an hour.
int Mutate()
{
    var folder = rest.FirstOrDefault();
    if (folder is null || !Directory.Exists(Path.Combine(root, "src", "OnnxTransfer", folder)))
        throw new BuildException($"mutate needs a folder of src/OnnxTransfer, such as `dotnet run build.cs mutate Evaluation`{(folder is null ? "" : $"; '{folder}' is none")}.");
    // The tests of the folder and no others: what a folder's own tests do not notice should not be left to chance.
    string[] arguments = ["stryker", "--skip-version-check", "-m", $"{folder}/**/*.cs", "--test-case-filter", $"FullyQualifiedName~OnnxTransfer.Tests.{folder}&Category!=Long", "-O", Path.Combine(root, "artifacts", "mutation", folder)];
    var tests = Path.Combine(new MutationTree(root).Prepare(folder), "tests", "OnnxTransfer.Tests");
    if (Environment.GetEnvironmentVariable(SharedVariable) is not { Length: > 0 }) Environment.SetEnvironmentVariable(SharedVariable, Path.GetFullPath(Path.Combine(root, "..", "shared")));
    // Stryker finds the projects of the copy only once they are built.
    string[][] steps = [["build", "-c", "Release", "--nologo", "-v", "quiet"], ["tool", "restore"], [.. arguments, .. rest.Skip(1)]];
    return steps.Select(step => Shell.Run("dotnet", step, tests)).FirstOrDefault(code => code != 0);
}

int PackAll() => Pack(packages, "all");

// Those that others are built from come first, so that each is built once.
int Pack(string[] projects, string toolPlatforms) =>
    projects.Select(project => Dotnet(["pack", project, "-c", "Release", "--nologo", "-v", "quiet", "-o", "artifacts/packages", .. IsTool(project) ? [$"-p:PackTool={toolPlatforms}"] : Array.Empty<string>(), .. rest]))
        .FirstOrDefault(code => code != 0);

static bool IsTool(string project) => project.EndsWith("Cli", StringComparison.Ordinal) || project.EndsWith("Cluster", StringComparison.Ordinal);

int Format()
{
    return Dotnet(["format", "OnnxTransfer.sln", .. rest]);
}

int Help()
{
    Console.Error.WriteLine("""
        usage: dotnet run build.cs TARGET [ARGUMENTS]

          demo     train a classifier on real images, end to end; a folder of class folders may follow
          test     run the tests, then the sample; with --all also what takes minutes or large downloads
          sample   pack, and use the packages in an application and a web service of their own
          bench    run a short job of every benchmark, or those of a filter such as *Embed*
          mutate   change the code of a folder in small ways and list the changes that no test notices
          fuzz     mutate files and give them to the decoders, or to a reader of files such as png for so many minutes
          pack     make the NuGet packages in artifacts/packages
          format   dotnet format
        """);
    return target is "help" or "--help" or "-h" ? 0 : 2;
}

int Dotnet(string[] arguments) => Shell.Run("dotnet", arguments, root);
