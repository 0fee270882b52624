using System.Globalization;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Files;

/// <summary>Comma-separated text: <c>id</c>, <c>label</c> and a column for each feature. A number has the digits that give the same float back.</summary>
internal sealed class CsvWriter : FeatureWriter
{
    private readonly StreamWriter _text;

    internal CsvWriter(string path, int dim, string? backbone)
        : base(path, dim, backbone) => _text = new StreamWriter(Stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16, leaveOpen: true);

    private protected override void Write(ReadOnlySpan<float> vector, string? id, string? label)
    {
        if (RowCount == 0) WriteHeader(id is not null);
        if (id is not null)
        {
            _text.Write(CsvField.Of(id));
            _text.Write(',');
            _text.Write(CsvField.Of(label));
            _text.Write(',');
        }

        Span<char> number = stackalloc char[32];
        for (var i = 0; i < vector.Length; i++)
        {
            if (i > 0) _text.Write(',');
            vector[i].TryFormat(number, out var length, provider: CultureInfo.InvariantCulture);
            _text.Write(number[..length]);
        }

        _text.Write('\n');
    }

    private protected override void Finish()
    {
        if (RowCount == 0) WriteHeader(withIds: true);
        _text.Flush();
    }

    private void WriteHeader(bool withIds)
    {
        _text.Write(withIds ? "id,label," : "");
        _text.Write(string.Join(',', Enumerable.Range(0, Dim).Select(i => string.Create(CultureInfo.InvariantCulture, $"f{i}"))));
        _text.Write('\n');
    }
}
