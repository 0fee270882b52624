using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>The images of an evaluation as comma-separated rows.</summary>
internal static class EvaluationCsv
{
    internal static void Write(string path, IEnumerable<EvaluatedJson> images) => RowFile.WriteAll(path, images.Select(Row).Prepend("path,label,predicted,probability,label_probability,correct,split,error"));

    private static string Row(EvaluatedJson image)
    {
        string?[] fields =
        [
            CsvField.Of(image.Path), CsvField.Of(image.Label), CsvField.Of(image.Predicted), image.Probability?.ToString(CultureInfo.InvariantCulture),
            image.LabelProbability?.ToString(CultureInfo.InvariantCulture), image.Correct ? "true" : "false", image.Split, CsvField.Of(image.Error),
        ];
        return string.Join(',', fields);
    }
}
