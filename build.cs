#!/usr/bin/env dotnet
// The build script of this repository: `dotnet run build.cs demo | test | sample | bench | pack | format`.
#:project eng/OnnxTransfer.Build/OnnxTransfer.Build.csproj
#:property PublishAot=false

using OnnxTransfer.Build;

// The SDK tells a file-based program where its file is; a compile-time path would be a mapped one in a deterministic build.
var root = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
var target = args.FirstOrDefault() ?? "help";
var rest = args.Skip(1).ToList();

try
{
    return target switch
    {
        "test" => Test(),
        "demo" => Demo(),
        "sample" => Sample(),
        "bench" => Bench(),
        "pack" => Pack(),
        "format" => Format(),
        _ => Help(),
    };
}
catch (BuildException exception)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}

int Test()
{
    var tests = Dotnet(["test", "OnnxTransfer.sln", "-c", "Release", "--nologo", .. rest]);
    // Whoever names tests by a filter wants those and nothing else.
    return tests == 0 && rest.Count == 0 ? Sample() : tests;
}

int Sample()
{
    var packed = Pack();
    return packed == 0 ? new PackageSample(root).Run() : packed;
}

int Demo()
{
    // `demo PHOTOS` and `demo -- PHOTOS` are the same; a path is meant from where the user is, not from the checkout.
    var photos = rest.Where(argument => argument != "--").Select(argument => Path.GetFullPath(argument));
    return Dotnet(["run", "--project", "samples/OnnxTransfer.Demo", "-c", "Release", "--", root, .. photos]);
}

int Bench()
{
    return Dotnet(["run", "--project", "benchmarks/OnnxTransfer.Benchmarks", "-c", "Release", "--", "--filter", rest.FirstOrDefault() ?? "*", .. rest.Skip(1)]);
}

int Pack()
{
    // The tool needs both libraries: packing the three in this order builds each once.
    string[] projects = ["OnnxTransfer", "OnnxTransfer.Conversion", "OnnxTransfer.Cli"];
    return projects.Select(project => Dotnet(["pack", $"src/{project}", "-c", "Release", "--nologo", "-o", "artifacts/packages", .. rest])).FirstOrDefault(code => code != 0);
}

int Format()
{
    return Dotnet(["format", "OnnxTransfer.sln", .. rest]);
}

int Help()
{
    Console.Error.WriteLine("""
        usage: dotnet run build.cs TARGET [ARGUMENTS]

          demo     train a classifier on real images, end to end; a folder of class folders may follow
          test     build everything, run the tests, then the sample
          sample   pack, and use the packages in an application of their own
          bench    run the benchmarks; a filter such as *Embed* may follow
          pack     make the NuGet packages in artifacts/packages
          format   dotnet format
        """);
    return target is "help" or "--help" or "-h" ? 0 : 2;
}

int Dotnet(string[] arguments) => Shell.Run("dotnet", arguments, root);
