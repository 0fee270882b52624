using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

/// <summary>How the columns of a table are found.</summary>
public sealed class ColumnNamesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("image", "image", "path", "file", "filename", "file_name", "filepath", "image_path")]
    [InlineData("label", "label", "class", "species", "category")]
    [InlineData("split", "split", "fold", "set", "subset")]
    [InlineData("weight", "weight", "sample_weight")]
    public void Every_usual_name_is_known(string column, params string[] names) => Assert.All(names, name =>
    {
        string[] columns = [.. new[] { "image", "label", "split", "weight" }.Select(one => one == column ? name : one)];
        var table = Csv($"{string.Join(',', columns)}\n1.jpg,a,train,0\n");
        Assert.Equal($"image in column '{columns[0]}', label in column '{columns[1]}', split in column '{columns[2]}', weight in column '{columns[3]}'", table.Description);
        var image = Assert.Single(table.Images);
        Assert.Equal(("a", DataSplit.Train, 0f), (image.Label, image.Split, image.Weight));
    });

    [Fact]
    public void The_exact_name_comes_before_one_of_another_case() =>
        Assert.Equal(Path.Combine(_folder.Path, "right.jpg"), Csv("IMAGE,image,label\nwrong.jpg,right.jpg,a\n").Images[0].Id);

    [Fact]
    public void A_column_that_could_not_be_guessed_is_named()
    {
        Assert.Contains("guess the column of the image, because", Assert.Throws<DatasetException>(() => Csv("x,label\n1,a\n")).Message, StringComparison.Ordinal);
        Assert.Contains("guess the column of the label, because", Assert.Throws<DatasetException>(() => Csv("image,x\n1,a\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_label_or_a_null_is_a_row_without_a_label()
    {
        Assert.Equal("The label of 2.jpg is empty.", Assert.Single(Csv("image,label\n1.jpg,a\n2.jpg,\n").Unused).Reason);
        var path = _folder.File("table.jsonl");
        File.WriteAllText(path, "{\"image\": \"1.jpg\", \"label\": \"a\"}\n{\"image\": \"2.jpg\", \"label\": null}\n");
        Assert.Equal("The label of 2.jpg is empty.", Assert.Single(ImageDataset.FromJsonLines(path).Unused).Reason);
    }

    private ImageDataset Csv(string text)
    {
        var path = _folder.File("table.csv");
        File.WriteAllText(path, text);
        return ImageDataset.FromCsv(path);
    }
}
