using Google.Protobuf;

namespace OnnxTransfer.Onnx.Schema;

/// <content>Copies that share the constants, which are nearly all of a network: code that edits a graph replaces its constants and changes none.</content>
internal sealed partial class ModelProto
{
    /// <summary>A copy whose graph shares its constants with this one.</summary>
    internal ModelProto CloneSharingConstants()
    {
        var copy = new ModelProto
        {
            Graph = Graph?.CloneSharingConstants(),
            OpsetImport = { OpsetImport.Clone() },
            MetadataProps = { MetadataProps.Clone() },
            Functions = { Functions.Clone() },
            _unknownFields = UnknownFieldSet.Clone(_unknownFields),
        };
        if (HasIrVersion) copy.IrVersion = IrVersion;
        if (HasProducerName) copy.ProducerName = ProducerName;
        if (HasProducerVersion) copy.ProducerVersion = ProducerVersion;
        if (HasDomain) copy.Domain = Domain;
        if (HasModelVersion) copy.ModelVersion = ModelVersion;
        if (HasDocString) copy.DocString = DocString;
        return copy;
    }
}

/// <inheritdoc cref="ModelProto"/>
internal sealed partial class GraphProto
{
    /// <inheritdoc cref="ModelProto.CloneSharingConstants"/>
    internal GraphProto CloneSharingConstants()
    {
        var copy = new GraphProto
        {
            Node = { Node.Clone() },
            Initializer = { Initializer },
            Input = { Input.Clone() },
            Output = { Output.Clone() },
            ValueInfo = { ValueInfo.Clone() },
            _unknownFields = UnknownFieldSet.Clone(_unknownFields),
        };
        if (HasName) copy.Name = Name;
        if (HasDocString) copy.DocString = DocString;
        return copy;
    }

    /// <summary>Puts edited copies in the place of constants.</summary>
    /// <param name="isEdited">Which.</param>
    /// <param name="edit">Edits a copy.</param>
    internal void EditConstants(Predicate<TensorProto> isEdited, Action<TensorProto> edit)
    {
        for (var i = 0; i < Initializer.Count; i++)
        {
            if (!isEdited(Initializer[i])) continue;
            var copy = Initializer[i].Clone();
            edit(copy);
            Initializer[i] = copy;
        }
    }
}
