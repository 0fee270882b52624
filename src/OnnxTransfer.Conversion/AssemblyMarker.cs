namespace OnnxTransfer.Conversion;
internal static class AssemblyMarker;
