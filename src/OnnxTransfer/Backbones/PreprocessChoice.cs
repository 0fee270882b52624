using System.Globalization;

namespace OnnxTransfer.Backbones;

/// <summary>A preprocessing that may wait for the size of the network's input: a whole one, or a preset by name.</summary>
internal sealed record PreprocessChoice
{
    /// <summary>The side of the input where neither the name nor a card nor the graph states it.</summary>
    private const int DefaultSide = 224;

    /// <summary>The whole preprocessing; null for a preset.</summary>
    internal PreprocessSpec? Spec { get; private init; }

    /// <summary>The name of the preset; null for a whole preprocessing.</summary>
    internal string? Preset { get; private init; }

    /// <summary>The side of the input that stands behind the preset's name; null to leave it to the network.</summary>
    internal int? Side { get; private init; }

    /// <summary>The size of the input that this fixes; null where the network decides.</summary>
    internal ImageSize? Size => Spec?.OutputSize ?? (Side is { } side ? new ImageSize(side, side) : null);

    internal ResizeFilter? Upsampling { get; init; }

    internal static PreprocessChoice Of(PreprocessSpec spec) => new() { Spec = spec };

    /// <summary>Reads <c>NAME</c> or <c>NAME@SIDE</c>, as <c>torch</c> and <c>clip@336</c>.</summary>
    /// <exception cref="ArgumentException">There is no such preset, or the side is out of range.</exception>
    internal static PreprocessChoice Parse(string text)
    {
        var (name, side) = text.Split('@', 2) is [var first, var second]
            ? (first, int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) ? pixels : 0)
            : (text, (int?)null);
        // A name or a side that cannot be used is refused here, not when a model is open.
        _ = PreprocessSpec.Named(name, side ?? DefaultSide);
        return new PreprocessChoice { Preset = name, Side = side };
    }

    /// <summary>The preprocessing for a network.</summary>
    /// <param name="height">Height of the input in pixels; null where the network leaves it open.</param>
    /// <param name="width">Width of the input in pixels; null where the network leaves it open.</param>
    /// <param name="model">The model, for messages.</param>
    /// <exception cref="InvalidModelException">A preset, which is square, meets an input that is not.</exception>
    internal PreprocessSpec At(int? height, int? width, string model)
    {
        var spec = Spec;
        if (spec is null)
        {
            var side = Side ?? height ?? width ?? DefaultSide;
            if (Side is null && (height ?? side) != (width ?? side)) throw Throw.PresetNotSquare(model, Preset!, height!.Value, width!.Value);
            spec = PreprocessSpec.Named(Preset!, side);
        }

        return Upsampling is { } filter ? spec with { Upsampling = filter } : spec;
    }
}
