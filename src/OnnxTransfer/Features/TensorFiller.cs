using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Features;

/// <summary>Prepares images for one network, each at its place in an input tensor. Thread-safe.</summary>
internal sealed class TensorFiller(ModelCard card, IImageDecoder decoder, DecodeOptions options)
{
    /// <summary>Memory for a batch of the network's input, its content undefined.</summary>
    internal TensorBatch Rent(int count) => TensorBatch.Rent(count, card.Input.Width, card.Input.Height, card.Input.Layout);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ImageDecodeException">The file is missing, unreadable or larger than the limit.</exception>
    internal EncodedFile Read(string path) => EncodedFile.Read(path, options);

    /// <summary>
    /// What an image's vector is kept under in the feature cache: the hash of its content, and the decoder's name as well where
    /// another decoder than the extractor's reads it, so that a vector is found only while that very decoder would be asked.
    /// </summary>
    /// <returns>32 bytes.</returns>
    internal byte[] CacheKey(ReadOnlySpan<byte> encoded)
    {
        var hash = SHA256.HashData(encoded);
        return decoder.HandedTo(encoded) is { } other ? SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(other.Name)]) : hash;
    }

    /// <summary>Decodes and prepares an encoded image.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    internal void Fill(ReadOnlySpan<byte> encoded, Memory<float> image) =>
        ImagePreprocessor.Prepare(encoded, decoder, options, card.Preprocess, card.Input.Layout, image);

    /// <summary>Reads, decodes and prepares a file.</summary>
    /// <exception cref="ImageDecodeException">The file cannot be read or decoded; the exception names it.</exception>
    internal void Fill(string path, Memory<float> image) =>
        ImagePreprocessor.Prepare(path, decoder, options, card.Preprocess, card.Input.Layout, image);

    /// <summary>Prepares pixels.</summary>
    internal void Fill(PixelBuffer pixels, Memory<float> image) =>
        ImagePreprocessor.Prepare(pixels, card.Preprocess, card.Input.Layout, image.Span);
}
