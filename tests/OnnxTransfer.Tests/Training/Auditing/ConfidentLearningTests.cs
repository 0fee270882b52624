using OnnxTransfer.Training.Auditing;

namespace OnnxTransfer.Tests.Training.Auditing;

public sealed class ConfidentLearningTests
{
    [Fact]
    public void An_example_by_hand()
    {
        // Mean probabilities of the own class: class 0: (.9 + .8 + .1) / 3 = .6, class 1: (.9 + .7 + .35) / 3 = .65.
        // Row 2 is labeled 0 and confidently 1; row 5 is labeled 1 and confidently 0 (.65 >= .6).
        float[][] probabilities = [[0.9f, 0.1f], [0.8f, 0.2f], [0.1f, 0.9f], [0.1f, 0.9f], [0.3f, 0.7f], [0.65f, 0.35f]];
        var found = ConfidentLearning.Find(probabilities, [0, 0, 0, 1, 1, 1], 2);
        Assert.Equal([(2, 1, 0.1f), (5, 0, 0.35f)], found.Select(suspect => (suspect.Row, suspect.Suggested, (float)suspect.Confidence)));
    }

    [Fact]
    public void Right_labels_are_left_alone()
    {
        float[][] probabilities = [[0.9f, 0.1f], [0.6f, 0.4f], [0.2f, 0.8f], [0.45f, 0.55f]];
        Assert.Empty(ConfidentLearning.Find(probabilities, [0, 0, 1, 1], 2));
    }

    [Fact]
    public void An_uncertain_row_is_not_named_where_its_class_is_usually_certain()
    {
        // Row 3 is predicted as 1, but with less than class 1 usually has.
        float[][] probabilities = [[0.95f, 0.05f], [0.95f, 0.05f], [0.95f, 0.05f], [0.45f, 0.55f], [0.05f, 0.95f], [0.05f, 0.95f]];
        Assert.Empty(ConfidentLearning.Find(probabilities, [0, 0, 0, 0, 1, 1], 2));
    }

    [Theory]
    [InlineData(2, 200, 20)]
    [InlineData(5, 500, 40)]
    public void Exchanged_labels_are_found(int classes, int count, int wrong)
    {
        var random = new Random(3);
        var (labels, truth, probabilities) = (new int[count], new int[count], new float[count][]);
        for (var row = 0; row < count; row++)
        {
            truth[row] = row % classes;
            labels[row] = row < wrong ? (truth[row] + 1) % classes : truth[row];
            // Certain to a different degree in every row.
            var certainty = 0.6f + (0.39f * random.NextSingle());
            probabilities[row] = [.. Enumerable.Range(0, classes).Select(c => c == truth[row] ? certainty : (1 - certainty) / (classes - 1))];
        }

        var found = ConfidentLearning.Find(probabilities, labels, classes).Select(suspect => suspect.Row).ToHashSet();
        var right = found.Count(row => row < wrong);
        Assert.True(right >= 0.8 * wrong, $"found {right} of {wrong}");
        Assert.True(right >= 0.9 * found.Count, $"{right} of {found.Count} are right");
    }

    [Fact]
    public void A_class_that_is_not_there_and_a_class_of_one_image_are_no_error()
    {
        float[][] probabilities = [[0.9f, 0.1f, 0], [0.8f, 0.2f, 0], [0.7f, 0.3f, 0]];
        Assert.Empty(ConfidentLearning.Find(probabilities, [0, 0, 1], 3));
        Assert.Empty(ConfidentLearning.Find([], [], 3));
    }

    [Fact]
    public void Outliers_are_the_rows_beyond_the_fence()
    {
        var random = new Random(1);
        var values = new float[50 * 8];
        for (var row = 0; row < 50; row++)
        {
            for (var d = 0; d < 8; d++) values[(row * 8) + d] = row == 17 ? (d == 7 ? 5 : 0) : d < 7 ? 1 + (0.2f * random.NextSingle()) : 0;
        }

        var distances = Outliers.Distances(new FeatureMatrix(values, 50, 8), null, default);
        Assert.Equal(1, distances[17], 6);
        var far = Enumerable.Range(0, 50).Where(row => distances[row] > Outliers.Fence(distances)).ToList();
        Assert.Contains(17, far);
        Assert.InRange(far.Count, 1, 3);
    }
}
