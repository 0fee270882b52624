using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OnnxTransfer.Build;

/// <summary>
/// Makes the sources build where the NuGet registry lacks the native packages: asks whether they restore, and where they
/// do not, packs them from npm into <c>eng/feed</c> under the official names, versions and layout.
/// </summary>
/// <param name="root">The checkout.</param>
public sealed partial class LocalFeed(string root)
{
    private const string Ort = "Microsoft.ML.OnnxRuntime";

    /// <summary>The library references both on every system.</summary>
    private static readonly string[] s_skia = ["SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies"];

    /// <summary>What the official Microsoft.ML.OnnxRuntime.Managed depends on; its sources do not compile against 10.0.</summary>
    private const string OrtTensorsVersion = "9.0.0";

    /// <summary>The version of libvips inside the npm packages that <c>npm-packages.json</c> pins.</summary>
    private const string VipsVersion = "8.18.7";

    private readonly string _feed = Path.Combine(root, "eng", "feed");
    private readonly string _props = Path.Combine(root, "eng", "feed", "Feed.props");
    private readonly string _work = Path.Combine(root, "artifacts", "feed");
    private readonly Npm _npm = new(Path.Combine(root, "artifacts", "npm"));

    private static string Rid
    {
        get
        {
            var architecture = RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();
            if (OperatingSystem.IsWindows()) return $"win-{architecture}";
            if (OperatingSystem.IsMacOS()) return $"osx-{architecture}";
            return RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? $"linux-musl-{architecture}" : $"linux-{architecture}";
        }
    }

    /// <summary>Makes sure that every package restores. Does nothing, in well under a second, when that is known already.</summary>
    /// <param name="gpu">Also pack the CUDA and TensorRT libraries (230 MB) and build against them.</param>
    /// <exception cref="BuildException">Neither NuGet nor npm can be reached, or there are no packages for this platform.</exception>
    public void Ensure(bool gpu)
    {
        // A feed that was once filled with the GPU's libraries keeps them until somebody deletes it.
        var state = File.Exists(_props) ? File.ReadAllText(_props) : "";
        var wantGpu = gpu || Listed(state).Any(name => name.StartsWith($"{Ort}.Gpu.", StringComparison.Ordinal));
        var key = Key(wantGpu);
        if (state.Contains(key, StringComparison.Ordinal) && Listed(state).All(name => File.Exists(Path.Combine(_feed, name))))
        {
            Console.Error.WriteLine(Listed(state).Any() ? "feed: the local packages are ready" : "feed: what this build needs restores from NuGet; nothing to do");
            return;
        }

        var missing = FindMissing();
        // Without SkiaSharp libvips decodes; nothing is packed in its place.
        var skia = SkiaRestores();
        // A registry may have a part of ONNX Runtime's family; half of it from there and half from npm would not fit together.
        var ortIsMissing = missing.Contains(OrtManaged) || !Restores($"{Ort}.Gpu");
        if (ortIsMissing) missing.Add($"{Ort}.Gpu");
        var vipsIsMissing = missing.Contains($"NetVips.Native.{Rid}");
        if (!ortIsMissing && !vipsIsMissing)
        {
            WriteState(key, flavour: "Gpu", skia, []);
            Console.Error.WriteLine($"feed: what this build needs restores from NuGet; {Decodes(skia)}");
            return;
        }

        Console.Error.WriteLine($"feed: NuGet has no {string.Join(", no ", missing)} here; packing what is needed from npm");
        var packed = new List<string>();
        var pins = NpmPackage.ReadPins(Path.Combine(root, "eng", "npm-packages.json"));
        if (ortIsMissing) packed.AddRange(PackOnnxRuntime(pins, wantGpu));
        if (vipsIsMissing) packed.Add(PackVips(pins));
        WriteState(key, ortIsMissing && !wantGpu ? "Cpu" : "Gpu", skia, packed);
        Console.Error.WriteLine($"feed: {string.Join(", ", packed)} in eng/feed; {Decodes(skia)}");
    }

    /// <summary>Stands for the whole family in the question what restores: small, and on every registry that has the others.</summary>
    private const string OrtManaged = $"{Ort}.Managed";

    /// <summary>Which of the small packages in doubt a plain restore does not find, asked of the user's own sources.</summary>
    private HashSet<string> FindMissing()
    {
        var vips = $"NetVips.Native.{Rid}";
        string[] wanted = [OrtManaged, vips];
        var probe = Restore(wanted, OfItsOwn);
        if (probe.ExitCode == 0) return [];
        var notFound = NotFound().Matches(probe.Output).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var missing = wanted.Where(notFound.Contains).ToHashSet();
        // Another failure (no network at all): npm may still answer, and says so if it does not either.
        return missing.Count > 0 ? missing : [.. wanted];
    }

    /// <summary>Whether a package restores; into the user's folder, since it is hundreds of megabytes that the build needs anyway.</summary>
    private bool Restores(string id) => Restore([id], _ => []).ExitCode == 0;

    /// <summary>
    /// Whether SkiaSharp restores with its native libraries, and of one version: those it depends on, for Windows and macOS,
    /// as much as those for Linux. A mirror may have any part of them.
    /// </summary>
    private bool SkiaRestores()
    {
        var probe = Restore(s_skia, OfItsOwn);
        return probe.ExitCode == 0 && probe.Versions("SkiaSharp").Distinct(StringComparer.Ordinal).Count() == 1;
    }

    private static string Decodes(bool skia) => $"images are decoded by {(skia ? "SkiaSharp" : "libvips, since SkiaSharp does not restore")}";

    /// <summary>Restores into a folder of its own: a package that is unpacked already would hide that no registry has it.</summary>
    private static string[] OfItsOwn(string probe) => ["--packages", Path.Combine(probe, "packages")];

    private Probe Restore(string[] ids, Func<string, string[]> options)
    {
        var probe = Directory.CreateTempSubdirectory("onnxtransfer-probe-").FullName;
        try
        {
            var references = string.Concat(ids.Select(id => $"""<PackageReference Include="{id}" Version="{PinnedVersion(id)}" />"""));
            File.WriteAllText(Path.Combine(probe, "probe.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <ItemGroup>{references}</ItemGroup>
                </Project>
                """);
            var (exitCode, output) = Shell.Capture("dotnet", ["restore", "--verbosity", "quiet", "--nologo", .. options(probe)], probe);
            var assets = Path.Combine(probe, "obj", "project.assets.json");
            using var resolved = File.Exists(assets) ? JsonDocument.Parse(File.ReadAllText(assets)) : null;
            return new Probe(exitCode, output, resolved is null ? [] : [.. resolved.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name)]);
        }
        finally
        {
            Directory.Delete(probe, recursive: true);
        }
    }

    /// <summary>What a restore came to.</summary>
    /// <param name="ExitCode">Zero when every package was found.</param>
    /// <param name="Output">What NuGet said.</param>
    /// <param name="Packages">The packages found, as <c>id/version</c>.</param>
    private sealed record Probe(int ExitCode, string Output, IReadOnlyList<string> Packages)
    {
        /// <summary>The versions of the packages whose id begins so.</summary>
        internal IEnumerable<string> Versions(string prefix) =>
            Packages.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]);
    }

    private List<string> PackOnnxRuntime(IReadOnlyDictionary<string, NpmPackage> pins, bool gpu)
    {
        var version = PinnedVersion(Ort);
        var natives = new Dictionary<string, string>
        {
            ["Plugins/Linux/x64/"] = "linux-x64",
            ["Plugins/Windows/x64/"] = "win-x64",
            ["Plugins/Windows/arm64/"] = "win-arm64",
            ["Plugins/macOS/arm64/"] = "osx-arm64",
        };
        if (!natives.ContainsValue(Rid))
        {
            throw new BuildException(
                $"npm has no ONNX Runtime library for {Rid} (only for {string.Join(", ", natives.Values)}). Use a NuGet source that has {Ort} {version}.");
        }

        var source = Fresh("onnxruntime");
        var licences = Path.Combine(source, "licences");
        Npm.Extract(_npm.Fetch(pins["onnxruntime"]), source, name => name switch
        {
            "LICENSE" or "ThirdPartyNotices.txt" => $"licences/{name}",
            _ when name.StartsWith("Runtime/", StringComparison.Ordinal) && name.EndsWith(".cs", StringComparison.Ordinal)
                && !name.StartsWith("Runtime/Training/", StringComparison.Ordinal) => name,
            _ => Native(name),
        });

        var packed = new List<string>
        {
            Pack(OrtManaged, version, Path.Combine(source, "managed"), licences, $"""
                <PropertyGroup>
                  <AssemblyName>{Ort}</AssemblyName>
                  <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
                  <EnableDefaultCompileItems>false</EnableDefaultCompileItems>
                </PropertyGroup>
                <ItemGroup>
                  <Compile Include="../Runtime/**/*.cs" />
                  <Using Include="System.Reflection" />
                  <PackageReference Include="System.Numerics.Tensors" Version="{OrtTensorsVersion}" />
                </ItemGroup>
                """),
            Pack(Ort, version, Path.Combine(source, "cpu"), licences, NativePackage("../natives/**/*.*", "runtimes", (OrtManaged, version))),
        };

        if (gpu)
        {
            var pin = $"onnxruntime-gpu-{Rid}";
            if (!pins.TryGetValue(pin, out var package)) throw new BuildException($"npm has no CUDA libraries of ONNX Runtime for {Rid}; leave --gpu away.");
            Npm.Extract(_npm.Fetch(package), source, Native);
            packed.Add(Pack($"{Ort}.Gpu", version, Path.Combine(source, "gpu"), licences, NativePackage("../natives/**/*.*", "runtimes", (OrtManaged, version))));
        }

        Directory.Delete(source, recursive: true);
        return packed;

        string? Native(string name) =>
            natives.Keys.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix && !name.EndsWith(".meta", StringComparison.Ordinal)
                ? $"natives/{natives[prefix]}/native/{name[prefix.Length..]}"
                : null;
    }

    private string PackVips(IReadOnlyDictionary<string, NpmPackage> pins)
    {
        if (!pins.TryGetValue($"vips-{Rid}", out var package))
        {
            throw new BuildException($"npm has no libvips for {Rid} in the expected form. Use a NuGet source that has SkiaSharp and NetVips.Native.{Rid}.");
        }

        var source = Fresh("vips");
        // The one library holds libvips and all it needs, and exports the C API; the official package calls it libvips.
        var target = OperatingSystem.IsMacOS() ? "libvips.42.dylib" : "libvips.so.42";
        var count = Npm.Extract(_npm.Fetch(package), source, name => name switch
        {
            "README.md" or "versions.json" => $"licences/{name}",
            _ when name.StartsWith("lib/libvips-cpp.", StringComparison.Ordinal) => $"natives/{target}",
            _ => null,
        });
        if (count != 3) throw new BuildException($"{package.Name} {package.Version} is not laid out as expected: found {count} of 3 files.");
        var packed = Pack($"NetVips.Native.{Rid}", VipsVersion, Path.Combine(source, "package"), Path.Combine(source, "licences"),
            NativePackage("../natives/*", $"runtimes/{Rid}/native"));
        Directory.Delete(source, recursive: true);
        return packed;
    }

    private static string NativePackage(string files, string packagePath, params (string Id, string Version)[] dependencies) => $"""
        <PropertyGroup>
          <IncludeBuildOutput>false</IncludeBuildOutput>
          <NoWarn>$(NoWarn);NU5128;NU5127</NoWarn>
          <EnableDefaultItems>false</EnableDefaultItems>
        </PropertyGroup>
        <ItemGroup>
          <None Include="{files}" Pack="true" PackagePath="{packagePath}" />
          {string.Concat(dependencies.Select(d => $"""<PackageReference Include="{d.Id}" Version="{d.Version}" />"""))}
        </ItemGroup>
        """;

    /// <summary>Packs one package with the SDK; it appears in the feed whole or not at all.</summary>
    private string Pack(string id, string version, string folder, string licences, string body)
    {
        Directory.CreateDirectory(folder);
        var project = Path.Combine(folder, $"{id}.csproj");
        File.WriteAllText(project, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <PackageId>{id}</PackageId>
                <Version>{version}</Version>
                <Description>{id} packed from the npm registry for a machine whose NuGet registry lacks it. See licences/.</Description>
                <Nullable>disable</Nullable>
                <NoWarn>$(NoWarn);CS1591;CS8632;NU1603;NU5100;NU5118</NoWarn>
                <GenerateDocumentationFile>false</GenerateDocumentationFile>
                <SuppressDependenciesWhenPacking>false</SuppressDependenciesWhenPacking>
              </PropertyGroup>
              {body}
              <ItemGroup><None Include="{licences}/*" Pack="true" PackagePath="licences" /></ItemGroup>
            </Project>
            """);
        var output = Path.Combine(folder, "out");
        var (exitCode, log) = Shell.Capture(
            "dotnet", ["pack", project, "-c", "Release", "-o", output, "--nologo", "-v", "quiet"], folder);
        var package = Path.Combine(output, $"{id}.{version}.nupkg");
        if (exitCode != 0 || !File.Exists(package)) throw new BuildException($"Packing {id} {version} failed:{Environment.NewLine}{log.Trim()}");

        Directory.CreateDirectory(_feed);
        var target = Path.Combine(_feed, Path.GetFileName(package));
        File.Copy(package, target + ".partial", overwrite: true);
        File.Move(target + ".partial", target, overwrite: true);
        ForgetRestored(id, version);
        return Path.GetFileName(package);
    }

    /// <summary>A package of the same version that NuGet unpacked earlier would hide the one just packed.</summary>
    private static void ForgetRestored(string id, string version)
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var unpacked = Path.Combine(packages, id.ToLowerInvariant(), version);
        if (Directory.Exists(unpacked)) Directory.Delete(unpacked, recursive: true);
    }

    /// <summary>An empty folder below <c>artifacts</c> that no project file of the repository reaches into, but its nuget.config does.</summary>
    private string Fresh(string name)
    {
        var folder = Path.Combine(_work, name);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
        {
            File.WriteAllText(Path.Combine(folder, file), "<Project />");
        }

        return folder;
    }

    private string PinnedVersion(string id) =>
        XDocument.Load(Path.Combine(root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Single(element => (string?)element.Attribute("Include") == id).Attribute("Version")!.Value;

    /// <summary>Changes with everything that decides what the feed holds.</summary>
    private string Key(bool gpu)
    {
        var text = new StringBuilder().Append(gpu).Append(Rid)
            .Append(File.ReadAllText(Path.Combine(root, "Directory.Packages.props")))
            .Append(File.ReadAllText(Path.Combine(root, "eng", "npm-packages.json")))
            .Append(File.ReadAllText(Path.Combine(root, "nuget.config")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private void WriteState(string key, string flavour, bool skia, IEnumerable<string> packed)
    {
        var text = new XDocument(new XElement("Project",
            new XComment($" Written by `dotnet run build.cs feed`; state {key} "),
            new XElement("PropertyGroup", new XElement("OnnxRuntimeFlavour", flavour), new XElement("UseSkiaSharp", skia ? "true" : "false")),
            new XElement("ItemGroup", packed.Select(name => new XElement("LocalPackage", new XAttribute("Include", name)))))).ToString();
        Directory.CreateDirectory(_feed);
        File.WriteAllText(_props + ".partial", text + "\n");
        File.Move(_props + ".partial", _props, overwrite: true);
    }

    private static IEnumerable<string> Listed(string state) => LocalPackage().Matches(state).Select(match => match.Groups[1].Value);

    /// <summary>NU1101: no such package; NU1102: none of the version or above; NU1103: only previews.</summary>
    [GeneratedRegex("NU110[123]: Unable to find (?:a stable )?package ([^. ]+(?:\\.[^. ]+)*)(?:\\.| with)")]
    private static partial Regex NotFound();

    [GeneratedRegex("LocalPackage Include=\"([^\"]+)\"")]
    private static partial Regex LocalPackage();
}
