using System.Security.Cryptography;
using Google.Protobuf;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Onnx.Schema;

/// <summary>
/// An ONNX file in memory. What the schema subset does not name is kept as unknown fields and written back unchanged.
/// Not thread-safe while it is being edited.
/// </summary>
internal sealed class OnnxModel
{
    private OnnxModel(ModelProto proto, string source)
    {
        Proto = proto;
        Source = source;
    }

    /// <summary>The parsed file; stays inside this folder.</summary>
    internal ModelProto Proto { get; private set; }

    internal GraphProto Graph => Proto.Graph;

    /// <summary>The file it came from, or what stands for it in messages.</summary>
    public string Source { get; }

    /// <summary>The version of the standard operator set that the graph uses; 0 when the file does not state one.</summary>
    public long Opset => Proto.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")?.Version ?? 0;

    /// <summary>The tool that wrote the file and its version; empty when not stated.</summary>
    public string Producer => $"{Proto.ProducerName} {Proto.ProducerVersion}".Trim();

    /// <summary>The version of the file format itself.</summary>
    public long IrVersion => Proto.IrVersion;

    /// <summary>Bytes of weights that were read from files beside the model.</summary>
    public long ExternalBytes { get; private set; }

    /// <summary>The inputs that a caller must feed: initializers that files older than IR version 4 also list are left out.</summary>
    public IReadOnlyList<OnnxValue> Inputs
    {
        get
        {
            var constants = Graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
            return [.. Graph.Input.Where(i => !constants.Contains(i.Name)).Select(OnnxValue.From)];
        }
    }

    /// <summary>The outputs, in the file's order.</summary>
    public IReadOnlyList<OnnxValue> Outputs => [.. Graph.Output.Select(OnnxValue.From)];

    /// <summary>The free text entries of the file, by key in ordinal order.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get
        {
            var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in Proto.MetadataProps) sorted[entry.Key] = entry.Value;
            return sorted;
        }
    }

    /// <summary>Reads a file and the external files below its folder that hold its weights, if it has such.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or something else. All three name it.</exception>
    public static OnnxModel Load(string path)
    {
        if (!File.Exists(path)) Throw.OnnxFileMissing(path);
        CheckSize(path);
        ModelProto? proto = null;
        Exception? damage = null;
        var start = new byte[ForeignModel.StartBytes];
        long length = 0;
        try
        {
            // Read in pieces, so that the file's bytes do not lie in memory beside the weights.
            using var file = File.OpenRead(path);
            length = file.Length;
            Array.Resize(ref start, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
            file.Position = 0;
            using var pieces = new CodedInputStream(file, leaveOpen: true);
            proto = ModelProto.Parser.ParseFrom(pieces);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            damage = exception;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Throw.FileUnreadable(path, exception);
        }

        var model = Checked(proto, damage, start, length, path);
        // Lists that grew while they were read have room for up to as many numbers again.
        foreach (var tensor in model.Graph.Initializer) tensor.FloatData.Capacity = tensor.FloatData.Count;
        LargeGarbage.Collect(length);
        model.ExternalBytes = OnnxExternalData.LoadInto(model.Graph, path);
        return model;
    }

    /// <summary>The files below a model's folder that hold its weights; they need not be there yet.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or something else.</exception>
    internal static IReadOnlyList<string> ExternalFiles(string path) => OnnxExternalData.Locations(Parse(File.ReadAllBytes(path), path).Graph);

    /// <summary>Refuses a file that no array can hold, with <see cref="InvalidDataException"/>.</summary>
    internal static void CheckSize(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > Array.MaxLength) Throw.OnnxFileTooLarge(path, length);
    }

    /// <summary>Reads bytes; <paramref name="source"/> stands for them in messages.</summary>
    public static OnnxModel Parse(ReadOnlySpan<byte> bytes, string source = "the given bytes")
    {
        ModelProto? proto = null;
        Exception? damage = null;
        try
        {
            proto = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            damage = exception;
        }

        return Checked(proto, damage, bytes, bytes.Length, source);
    }

    /// <summary>What a parser of protobuf throws on bytes that are none: a damaged length makes it read past their end.</summary>
    private static bool IsDamage(Exception exception) => exception is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentException;

    /// <param name="proto">What was parsed; null where that failed.</param>
    /// <param name="damage">Why it failed.</param>
    /// <param name="start">The first bytes.</param>
    /// <param name="length">The number of all.</param>
    /// <param name="source">Stands for them in messages.</param>
    private static OnnxModel Checked(ModelProto? proto, Exception? damage, ReadOnlySpan<byte> start, long length, string source)
    {
        if (proto?.Graph is null || proto.OpsetImport.Count == 0)
        {
            if (ForeignModel.Describe(start, source) is { } kind) Throw.ModelOfAnotherKind(source, kind);
            if (damage is not null) throw Throw.OnnxFileCorrupt(source, length, damage);
            Throw.OnnxFileIsSomethingElse(source, length);
        }

        if (proto.Graph.Output.Count == 0) Throw.OnnxGraphWithoutOutputs(source);
        OnnxFunctions.Inline(proto);
        return new OnnxModel(proto, source);
    }

    internal static OnnxModel From(ModelProto proto, string source) => new(proto, source);

    /// <summary>A copy: editing one leaves the other as it was. The weights stand in memory once, because code that edits a graph replaces them.</summary>
    public OnnxModel Clone() => new(Proto.CloneSharingConstants(), Source);

    /// <summary>
    /// SHA-256 of what the graph computes: operators, weights, inputs, names of outputs, versions. Where it comes from, metadata and
    /// notes on shapes are left out, so a backbone has the hash here that it has inside a classifier's file.
    /// </summary>
    public byte[] ComputationHash()
    {
        var bare = Proto.CloneSharingConstants();
        bare.MetadataProps.Clear();
        bare.ClearIrVersion();
        bare.ClearProducerName();
        bare.ClearProducerVersion();
        bare.ClearDomain();
        bare.ClearModelVersion();
        bare.ClearDocString();
        bare.Graph.ClearName();
        bare.Graph.ClearDocString();
        bare.Graph.ValueInfo.Clear();
        foreach (var output in bare.Graph.Output) output.Type = null;
        using var hash = SHA256.Create();
        // Through a stream: a network's bytes may be hundreds of megabytes.
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write)) bare.WriteTo(stream);
        return hash.Hash!;
    }

    /// <summary>Takes over another model's content; edits that may fail half-way are made on a copy first.</summary>
    internal void Replace(OnnxModel other) => Proto = other.Proto;

    /// <summary>Sets a metadata entry, or removes it where <paramref name="value"/> is null. Entries are kept in ordinal order of their keys, so that equal content gives equal bytes.</summary>
    public void SetMetadata(string key, string? value)
    {
        var entries = new SortedDictionary<string, string>(Metadata.ToDictionary(), StringComparer.Ordinal);
        if (value is null) entries.Remove(key);
        else entries[key] = value;
        Proto.MetadataProps.Clear();
        foreach (var (name, text) in entries)
            Proto.MetadataProps.Add(new StringStringEntryProto { Key = name, Value = text });
    }

    /// <summary>The file's bytes; the same model always gives the same bytes.</summary>
    public byte[] ToBytes()
    {
        // The size of a message is an int in protobuf: past 2 GB it comes out negative.
        var size = Proto.CalculateSize();
        if (size < 0) Throw.OnnxFileTooLarge(Source, unchecked((uint)size));
        var bytes = GC.AllocateUninitializedArray<byte>(size);
        Proto.WriteTo(bytes.AsSpan());
        return bytes;
    }

    /// <summary>Writes the file so that a reader sees either the old one or the whole new one.</summary>
    public void Save(string path) => AtomicFile.Write(path, ToBytes());
}
