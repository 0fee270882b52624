using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Inference;

/// <summary>The trial of recorded work, against devices that do it right and wrong.</summary>
public sealed class DeviceRecordingTests
{
    private const int Length = 500;

    [Fact]
    public void A_device_that_replays_what_it_runs_passes() => Assert.Null(DeviceRecording.WhatIsWrong((_, images) => Network(images), Length));

    [Fact]
    public void Small_differences_of_other_kernels_pass() =>
        Assert.Null(DeviceRecording.WhatIsWrong((recorded, images) => [.. Network(images).Select(x => recorded ? x * 1.0001f : x)], Length));

    [Fact]
    public void A_device_that_replays_old_numbers_does_not()
    {
        float[]? first = null;
        Assert.Contains("the replay gives other numbers", DeviceRecording.WhatIsWrong((recorded, images) => recorded ? first ??= Network(images) : Network(images), Length), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_replays_the_batch_before_does_not()
    {
        var last = new float[3];
        Assert.NotNull(DeviceRecording.WhatIsWrong(
            (recorded, images) =>
            {
                var (before, now) = (last, Network(images));
                last = now;
                return recorded ? before : now;
            },
            Length));
    }

    [Fact]
    public void A_device_that_cannot_be_told_not_to_record_does_not()
    {
        float[]? first = null;
        Assert.Contains("cannot tell", DeviceRecording.WhatIsWrong((_, images) => first ??= Network(images), Length), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_replays_no_numbers_does_not() =>
        Assert.NotNull(DeviceRecording.WhatIsWrong((recorded, images) => recorded ? [float.NaN, float.NaN, float.NaN] : Network(images), Length));

    /// <summary>Three numbers that depend on all of a batch.</summary>
    private static float[] Network(float[] images) => [images.Sum(), images.Sum(x => x * x), images[0] - images[^1]];
}
