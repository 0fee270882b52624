using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Data;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

/// <summary>
/// Networks in 8 bits that were calibrated on this machine, each under a hash of all that it depends on: another network,
/// another image, another decoder or processor is another entry, and so nothing in here can be out of date.
/// </summary>
internal sealed class ConvertedNetworkCache(string folder)
{
    /// <summary>Changes whenever the same input would be converted differently.</summary>
    private const string Version = "2";

    private const int Most = 16;

    /// <summary>The hash of a network, the images it is calibrated on, and what turns the one and the other into numbers.</summary>
    internal static string Key(NetworkGraph graph, ModelCard card, NetworkOptions options, IReadOnlyList<ImageInput> images, bool sumsSaturate)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(SHA256.HashData(graph.ToBytes()));
        Append(Version);
        Append(card.ToJson());
        Append(options.Decoder.Name);
        Append(options.Decode.ToString());
        Append(SessionFactory.RuntimeVersion);
        Append(string.Create(CultureInfo.InvariantCulture, $"{RuntimeInformation.ProcessArchitecture} {Environment.ProcessorCount} {options.Session.Threads} {options.Session.Provider} {sumsSaturate}"));
        foreach (var image in images)
        {
            try
            {
                using var opened = image.Open(options.Decode, CancellationToken.None);
                AppendContent(opened);
            }
            catch (ImageDecodeException)
            {
                Append("missing");
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void AppendContent(in OpenedImage image)
        {
            if (image.Pixels is { } pixels)
            {
                hash.AppendData(SHA256.HashData(pixels.Pixels));
                Append(string.Create(CultureInfo.InvariantCulture, $"{pixels.Width}x{pixels.Height}"));
                return;
            }

            hash.AppendData(SHA256.HashData(image.Encoded));
            if (options.Decoder.HandedTo(image.Encoded) is { } other) Append(other.Name);
        }

        // Each text with its length, so that no two lists of texts give the same bytes.
        void Append(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }

    /// <summary>The network of a key; null when it is not here or the file is damaged, and then it is made again and replaced.</summary>
    internal (OnnxModel Model, NetworkPrecisionInfo Info)? Find(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return null;
        try
        {
            var model = OnnxModel.Load(path);
            return ConvertedNetwork.InfoFor(model, key) is { } info ? (model, info) : null;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            return null;
        }
    }

    /// <summary>Keeps a network, and of all that are kept the most recent.</summary>
    internal void Add(string key, OnnxModel model)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(key);
        model.Save(path);
        // A file with a time ahead of the clock was written by a clock that was wrong: it must not outlast those that come after it.
        var now = File.GetLastWriteTimeUtc(path);
        var others = new DirectoryInfo(folder).GetFiles("*.onnx").Where(file => file.FullName != Path.GetFullPath(path));
        foreach (var old in others.OrderByDescending(file => file.LastWriteTimeUtc <= now ? file.LastWriteTimeUtc : DateTime.MinValue).Skip(Most - 1)) old.Delete();
    }

    private string PathOf(string key) => Path.Combine(folder, key + ".onnx");
}
