namespace OnnxTransfer.Cluster.Jobs;

/// <summary>What a job is. The list of its images is not here: it is a file of the output folder, and this names its hash.</summary>
[GenerateSerializer, Immutable]
internal sealed record JobSpec
{
    /// <summary>A function of the output folder and the plan: the same job submitted twice is one job.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The output folder, relative to the store, with '/'. It has the plan and the list of images.</summary>
    [Id(1)] public required string Output { get; init; }

    /// <summary>The folder of the images, relative to the store, with '/'.</summary>
    [Id(2)] public required string Root { get; init; }

    /// <summary>SHA-256 of the plan's file. The plan has a hash of the images of each part, so this covers the list.</summary>
    [Id(3)] public required string PlanHash { get; init; }

    [Id(4)] public required int PartCount { get; init; }

    [Id(5)] public required long ImageCount { get; init; }

    /// <summary>The images of every part but the last.</summary>
    [Id(6)] public required int PartSize { get; init; }

    /// <summary>The network and everything that changes its numbers.</summary>
    [Id(7)] public required JobNetwork Network { get; init; }

    /// <summary>The version of the tool that submitted the job; only workers of the same version work on it.</summary>
    [Id(8)] public required string Version { get; init; }

    /// <summary>Whether every part is made by the same execution provider.</summary>
    [Id(9)] public bool RequireSameProvider { get; init; }

    /// <summary>How long a worker may be silent before its parts go to others.</summary>
    [Id(10)] public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    [Id(11)] public required DateTimeOffset Submitted { get; init; }

    /// <summary>The number of images in a part.</summary>
    internal int ImagesIn(int part) => (int)Math.Min(PartSize, ImageCount - ((long)part * PartSize));
}

/// <summary>The network of a job and everything that changes its numbers.</summary>
[GenerateSerializer, Immutable]
internal sealed record JobNetwork
{
    /// <summary>An id of the catalog or hf:owner/name, or the path of a network: one in the store is relative to it.</summary>
    [Id(0)] public required string Backbone { get; init; }

    /// <summary>Whether the path of the network is relative to the store.</summary>
    [Id(1)] public bool IsInStore { get; init; }

    /// <summary>The hash of the network and of all that goes into it, as the plan has it.</summary>
    [Id(2)] public required string Fingerprint { get; init; }

    [Id(3)] public IReadOnlyList<string> Layers { get; init; } = [];

    [Id(4)] public FeaturePooling Pooling { get; init; } = FeaturePooling.Average;

    [Id(5)] public string? Preset { get; init; }

    [Id(6)] public ResizeFilter? Upsampling { get; init; }

    [Id(7)] public JpegShrink JpegShrink { get; init; }

    [Id(8)] public SampleLevels Levels { get; init; }

    [Id(9)] public bool Strict { get; init; }

    [Id(10)] public long MaxPixels { get; init; } = DecodeOptions.Default.MaxPixels;

    /// <summary>Whether libvips reads every image.</summary>
    [Id(11)] public bool DecodesByVips { get; init; }
}
