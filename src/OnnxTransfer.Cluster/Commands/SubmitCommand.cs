extern alias cli;

using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using cli::OnnxTransfer.Cli;
using cli::OnnxTransfer.Cli.Commands;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Workers;
using OnnxTransfer.Embedding.Sets;

namespace OnnxTransfer.Cluster.Commands;

/// <summary><c>onnxtransfer-cluster submit DATA --out DIR</c></summary>
internal static class SubmitCommand
{
    internal static Command Create()
    {
        var data = new Argument<string>("DATA") { Description = "A folder of images in the store, with everything below it; class folders give labels." };
        var store = WorkerCommand.Store();
        var output = new Option<string>("--out") { Description = "The folder of the feature set, in the store.", Required = true, HelpName = "DIR" };
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var pooling = CommonOptions.Pooling();
        var preprocess = CommonOptions.Preprocess();
        var upsample = CommonOptions.Upsample();
        var partSize = CommonOptions.Positive("--part-size", "Images in each part.", FeatureSetOptions.UsualPartSize, "N");
        var lease = CommonOptions.Positive("--lease", "The seconds that a worker may be silent before its parts go to others.", 30, "SECONDS");
        var same = new Option<bool>("--require-same-provider") { Description = "Let only workers of one kind of machine work on the job (provider, vector unit, runtime), so that every bit is the same whoever makes a part." };
        var command = new Command("submit", "Plan the feature vectors of a folder and hand the job to the cluster.") { data, output, store, backbone, layers, pooling, preprocess, upsample, partSize, lease, same };
        var cluster = new ClusterArguments(command);
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var network = cluster.Network(parsed);
            await using var database = cluster.Database(parsed);
            var options = CommonOptions.Extractor(machine.Read(parsed), upsampling: parsed.GetValue(upsample), preprocess: parsed.GetValue(preprocess)) with
            {
                Layers = parsed.GetValue(layers) ?? [],
                Pooling = parsed.GetValue(pooling),
            };
            var shared = new SharedStore(parsed.GetRequiredValue(store));
            var root = parsed.GetRequiredValue(data);
            var folder = parsed.GetRequiredValue(output);
            var named = parsed.GetRequiredValue(backbone);
            if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"There is no folder '{root}' (looked for {Path.GetFullPath(root)}): check the path.");
            var relativeRoot = shared.Relative(root) ?? throw ClusterErrors.NotInStore(root, shared.Path);
            var relativeOutput = shared.Relative(folder) ?? throw ClusterErrors.NotInStore(folder, shared.Path);
            var file = Path.Exists(named) ? shared.Relative(named) ?? throw ClusterErrors.NotInStore(named, shared.Path) : null;
            CommonOptions.RequireBackbone(named);
            // Before the images are listed: a cluster that is not there would be told after an hour.
            await ClusterClient.AskAsync(database, network, cluster.IsVerbose(parsed), grains => grains.GetGrain<IJobListGrain>(0).GetAllAsync(), cancellationToken).ConfigureAwait(false);

            var inputs = ImageInputs.Of([root], list: null);
            using var extractor = await CommonOptions.OpenAsync(named, options, cancellationToken).ConfigureAwait(false);
            var images = SetImages.Of(inputs.Images, root, inputs.LabelOf);
            var size = parsed.GetValue(partSize);
            if (size > SetPlan.LargestPart(extractor.Dim)) throw new UsageException($"--part-size {size}: a part of {extractor.Dim} numbers for each image has at most {SetPlan.LargestPart(extractor.Dim)} images.");
            var plan = SetPlan.Of(images, size, extractor.Network.Source, root);
            new SetFolder(folder).Claim(plan, images, isShard: true);
            var hash = OpenedJob.HashOf(plan);
            ImageListFile.Write(ImageListFile.PathIn(folder, hash), images, plan);
            var spec = new JobSpec
            {
                Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{relativeOutput}\n{hash}")))[..10],
                Output = relativeOutput,
                Root = relativeRoot,
                PlanHash = hash,
                PartCount = plan.Parts.Count,
                ImageCount = images.Count,
                PartSize = size,
                Network = new JobNetwork
                {
                    Backbone = file ?? named,
                    IsInStore = file is not null,
                    Fingerprint = plan.Network.Sha256,
                    Layers = options.Layers,
                    Pooling = options.Pooling,
                    Preset = options.Preset,
                    Upsampling = options.Upsampling,
                    JpegShrink = options.Decode.JpegShrink,
                    Levels = options.Decode.Levels,
                    Strict = options.Decode.Strict,
                    MaxPixels = options.Decode.MaxPixels,
                    DecodesByVips = options.Decoder is not null,
                },
                Version = ToolVersion.Text,
                RequireSameProvider = parsed.GetValue(same),
                Lease = TimeSpan.FromSeconds(parsed.GetValue(lease)),
                Submitted = DateTimeOffset.UtcNow,
            };
            var phase = await ClusterClient.AskAsync(
                database, network, cluster.IsVerbose(parsed),
                async grains =>
                {
                    var begun = await grains.GetGrain<IJobGrain>(spec.Id).StartAsync(spec).ConfigureAwait(false);
                    if (begun == JobPhase.Running) await grains.GetGrain<IJobListGrain>(0).AddAsync(spec.Id).ConfigureAwait(false);
                    return begun;
                },
                cancellationToken).ConfigureAwait(false);
            Console.Out.WriteLine(spec.Id);
            Console.Error.WriteLine(phase == JobPhase.Done
                ? $"job {spec.Id} is done already: {folder}"
                : $"submitted {images.Count} images in {plan.Parts.Count} parts; `onnxtransfer-cluster status {spec.Id}` shows the progress");
            return ExitCode.Done;
        });
        return command;
    }
}
