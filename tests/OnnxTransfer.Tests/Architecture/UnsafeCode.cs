using System.Text.RegularExpressions;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>Code that the runtime does not check: pointers, native calls and reinterpreted references. Spans over spans are checked and allowed.</summary>
internal static partial class UnsafeCode
{
    /// <summary>The only file that may follow pointers, one that asks for an address but follows none, one that looks for a library and sets a variable, and one call without arguments.</summary>
    private static readonly string[] Allowed =
        ["src/OnnxTransfer.Vips/VipsStrip.cs", "src/OnnxTransfer/Training/Kernels/AlignedArray.cs", "src/OnnxTransfer/Inference/OnnxRuntimeLibrary.cs", "src/OnnxTransfer/Internals/NativeHeap.cs"];

    public static IEnumerable<string> Violations(SourceFile file)
    {
        if (Allowed.Any(path => file.Path == path)) yield break;
        foreach (Match match in Pattern().Matches(file.Code))
            yield return $"{file.Path}:{file.Code.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value.Trim()}";
    }

    // A pointer can be declared, taken or followed only within `unsafe`, so that one word covers all of them.
    [GeneratedRegex(
        @"\bunsafe\b|\bfixed\s*\(|\bDllImport\b|\bLibraryImport\b|\bNativeLibrary\b|\bNativeMemory\b|(?<!\w)Unsafe\s*\.|\bUnsafeAccessor\b"
        + @"|\bMemoryMarshal\s*\.\s*(?:GetReference|GetArrayDataReference|CreateSpan|CreateReadOnlySpan|AsRef|CreateFromPinnedArray|GetNonNullPinnableReference)\b"
        + @"|\b(?:LoadUnsafe|StoreUnsafe|LoadAlignedNonTemporal)\b|\bMarshal\s*\.|\bGCHandle\b")]
    private static partial Regex Pattern();
}
