using System.Text;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Data;

/// <summary>
/// The names that a pattern such as <c>photos/**/*.jpg</c> stands for, as in a shell: <c>*</c> for any letters, <c>?</c> for one,
/// <c>[a-z]</c> and <c>[!a-z]</c> for one of a set or not of it, each within one name; <c>**</c> for any folders, also none.
/// </summary>
internal sealed class PathPattern
{
    private const string AnyFolders = "**";

    /// <summary>Names are compared as the file system does by default.</summary>
    private static readonly RegexOptions s_options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline
        | (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? RegexOptions.IgnoreCase : RegexOptions.None);

    // One for each name of the path; null for any folders.
    private readonly Regex?[] _names;

    private PathPattern(string folder, Regex?[] names) => (Folder, _names) = (folder, names);

    /// <summary>The part of the path before the first name with a wildcard, as the caller wrote it; empty for the current folder.</summary>
    internal string Folder { get; }

    /// <summary>Whether a path has wildcards.</summary>
    internal static bool IsOne(string path) => path.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>Takes a path apart that has at least one wildcard.</summary>
    internal static PathPattern Parse(string path)
    {
        var first = path.AsSpan().IndexOfAny('*', '?', '[');
        var start = path.AsSpan(0, first).LastIndexOfAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) + 1;
        // Only a folder ends with a separator, and it is listed with everything below it.
        if (Path.EndsInDirectorySeparator(path)) path += AnyFolders;
        var names = path[start..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        return new PathPattern(path[..start], [.. names.Select(name => name == AnyFolders ? null : ToRegex(name))]);
    }

    /// <summary>The place where the pattern begins.</summary>
    internal Place Start() => new(this, [0]);

    private static Regex ToRegex(string name)
    {
        var text = new StringBuilder(@"\A");
        for (var i = 0; i < name.Length; i++)
        {
            var end = name[i] == '[' ? name.IndexOf(']', Math.Min(name.Length, i + (i + 1 < name.Length && name[i + 1] == '!' ? 3 : 2))) : -1;
            if (end > 0)
            {
                var set = name[(i + 1)..end];
                text.Append(set[0] == '!' ? "[^" : "[").Append(Regex.Replace(set.TrimStart('!'), @"[\\\[\]^]", @"\$0")).Append(']');
                i = end;
            }
            else
            {
                text.Append(name[i] switch { '*' => ".*", '?' => ".", var letter => Regex.Escape(letter.ToString()) });
            }
        }

        return new Regex(text.Append(@"\z").ToString(), s_options);
    }

    /// <summary>A folder on the way, and which names of the pattern may come in it.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="next">The positions of these names; the number of names stands for a path that the pattern names.</param>
    internal sealed class Place(PathPattern pattern, IReadOnlyCollection<int> next)
    {
        /// <summary>Whether the pattern names this very path.</summary>
        internal bool IsNamed => next.Contains(pattern._names.Length);

        /// <summary>Whether it may name a path below.</summary>
        internal bool LeadsOn => next.Count > 0;

        /// <summary>The place of a file or folder in this folder.</summary>
        internal Place Next(string name)
        {
            var places = new SortedSet<int>();
            foreach (var position in next) Add(position);
            return new Place(pattern, places);

            void Add(int position)
            {
                if (position == pattern._names.Length) return;
                if (pattern._names[position] is { } regex)
                {
                    if (regex.IsMatch(name)) places.Add(position + 1);
                    return;
                }

                // Any folders: this is one of them, or there is none and the next name is here. At the end, everything is named.
                places.Add(position);
                if (position + 1 == pattern._names.Length) places.Add(position + 1);
                else Add(position + 1);
            }
        }
    }
}
