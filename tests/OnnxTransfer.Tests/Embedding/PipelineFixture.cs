using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>A small network and small pictures, and pipelines of any shape over them.</summary>
public sealed class PipelineFixture : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Backbone _backbone;
    private readonly OnnxSession _session;

    public PipelineFixture()
    {
        Model = _folder.File("tiny.onnx");
        TinyBackbone.Write(Model);
        _backbone = Backbone.LoadAsync(Model, new BackboneOptions(), null, CancellationToken.None).GetAwaiter().GetResult();
        _session = Session(TinyBackbone.Dim);
        Photos = [.. Enumerable.Range(0, 40).Select(i => _folder.File("photos", $"{i:00}.png"))];
        // Of very different sizes, so that they do not come out of the decoders in the order they went in.
        for (var i = 0; i < Photos.Count; i++)
            File.WriteAllBytes(Photos[i], TestImage.NoisyPng(i % 7 == 0 ? 300 : 10 + i, i % 5 == 0 ? 200 : 12, ((byte)(i * 6), (byte)(255 - (i * 5)), 90), i));
        Expected = [.. Photos.Select(path => Embed(path))];
    }

    internal string Model { get; }

    internal IReadOnlyList<string> Photos { get; }

    /// <summary>The row of each photo, computed alone.</summary>
    internal IReadOnlyList<float[]> Expected { get; }

    internal string NewFile(params string[] parts) => _folder.File(parts);

    internal EmbeddingPipeline Pipeline(PipelineShape shape, IImageDecoder? decoder = null, OnnxSession? session = null, IReadOnlyList<ImageView>? views = null) =>
        new(session ?? _session, new ImagePreprocessor(_backbone.Card.Preprocess, _backbone.Card.Input.Layout, decoder ?? ImageDecoders.Default, DecodeOptions.Default), shape, new ExtractorMeter("tiny"), views: views);

    /// <summary>A session that believes in rows of a length.</summary>
    internal OnnxSession Session(int rowLength, ExecutionProvider provider = ExecutionProvider.Cpu) => new(
        new NetworkGraph(_backbone.CutTo("features", TinyBackbone.Dim), "tiny", "image", [3, TinyBackbone.Side, TinyBackbone.Side], "features", rowLength),
        new SessionSettings(provider, Threads: 1));

    /// <summary>The row of a photo in one view, computed alone.</summary>
    internal float[] Embed(string path, ImageView view = default)
    {
        var preprocessor = new ImagePreprocessor(_backbone.Card.Preprocess, _backbone.Card.Input.Layout, ImageDecoders.Default, DecodeOptions.Default);
        using var batch = preprocessor.Rent(1);
        using var opened = preprocessor.Open(path, CancellationToken.None);
        preprocessor.Prepare(opened, batch.Memory, view: view);
        var row = new float[TinyBackbone.Dim];
        _session.Run(batch.Memory, 1, row);
        return row;
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}
