using OnnxTransfer.Reporting;

namespace OnnxTransfer.Tests.Reporting;

/// <summary>Each advice appears with what it is about, and only then.</summary>
public sealed class AdviceSectionTests
{
    private static readonly string[] s_labels = ["cat", "dog"];

    public static TheoryData<string, string> Cases => new()
    {
        { "nothing", "" },
        { "no test set", "There is no test set" },
        { "sure mistakes", "2 images were wrong at a probability of 90.0% or more" },
        { "one pair", "40 images of 'cat' were predicted as 'dog'" },
        { "learned by heart", "10.0 points better on its training images than on the test images" },
        { "hard to learn", "hardly better on its own training images (90.0%)" },
        { "few test images", "With 20 images the accuracy is known to" },
        { "unbalanced", "'cat' has 900 training images, 'dog' 100" },
        { "timid", "The probabilities are too low, by 29.0 points on average" },
        { "too sure", "The probabilities are too high, by 11.0 points on average" },
        { "skipped", "1 image was skipped" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_the_numbers_show_is_said(string what, string expected)
    {
        var good = Content(new ScoredSet("training", Result(500, 500, 0)), new ScoredSet("test", Result(500, 500, 0)));
        var content = what switch
        {
            "no test set" => Content(good.Sets[0]),
            "sure mistakes" => good with { Judged = [new JudgedImage("a.png", 0, [0.05f, 0.95f]), new JudgedImage("b.png", 1, [0.92f, 0.08f]), new JudgedImage("c.png", 1, [0.8f, 0.2f])] },
            "one pair" => Content(good.Sets[0], new ScoredSet("test", Result(500, 500, 40))),
            "learned by heart" => Content(good.Sets[0], new ScoredSet("test", Result(500, 500, 100))),
            "hard to learn" => Content(new ScoredSet("training", Result(500, 500, 100)), new ScoredSet("test", Result(500, 500, 120))),
            "few test images" => Content(good.Sets[0], new ScoredSet("test", Result(10, 10, 0))),
            "unbalanced" => Content(new ScoredSet("training", Result(900, 100, 0)), good.Sets[1]),
            "timid" => Content(good.Sets[0], new ScoredSet("test", Result(500, 500, 0, confidence: 0.71))),
            "too sure" => Content(good.Sets[0], new ScoredSet("test", Result(500, 500, 100, confidence: 1.01))),
            "skipped" => good with { Skipped = [new SkippedImage("a.png", "it is empty")] },
            _ => good,
        };
        var advice = AdviceSection.All(content).ToList();
        if (expected.Length == 0) Assert.Empty(advice);
        else Assert.Contains(advice, sentence => sentence.Contains(expected, StringComparison.Ordinal));
        Assert.Equal(advice.Count > 0, AdviceSection.Of(content) is not null);
    }

    private static ReportContent Content(params ScoredSet[] sets) => SampleReport.Of(s_labels, ["a.png", "b.png"]) with { Sets = sets, Judged = [] };

    /// <param name="cats">True cats.</param>
    /// <param name="dogs">True dogs.</param>
    /// <param name="wrong">How many of the cats were taken for dogs.</param>
    /// <param name="confidence">The mean probability of the predicted class; as the accuracy if not given.</param>
    private static EvaluationResult Result(int cats, int dogs, int wrong, double? confidence = null)
    {
        var accuracy = 1 - ((double)wrong / (cats + dogs));
        return new EvaluationResult(
            cats + dogs, accuracy, 0.1, [new ClassMetrics("cat", 1, 1, 1, cats), new ClassMetrics("dog", 1, 1, 1, dogs)],
            [[cats - wrong, wrong], [0, dogs]], [new CalibrationBin(0.9, 1, cats + dogs, confidence ?? accuracy, accuracy)]);
    }
}
