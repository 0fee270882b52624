using MathNet.Numerics.LinearAlgebra;

namespace OnnxTransfer.Training.Probes;

/// <summary>
/// How well the features separate the classes by linear means, without training: the variance between the classes, measured in units of the
/// features' own covariance. In [0, C-1]; higher is better.
/// </summary>
/// <remarks>
/// <c>H = tr(S⁻¹·B)</c> with the covariance S of the features and B of the class means (Bao et al., "An information-theoretic approach to
/// transferability in task transfer learning", 2019). With fewer rows than dimensions S has no inverse, so S is shrunk towards a multiple of
/// the unit matrix by the intensity of Ledoit and Wolf ("A well-conditioned estimator for large-dimensional covariance matrices", 2004), and
/// B by the same factor, as Ibrahim et al. do ("Newer is not always better", 2022): <c>H = tr(((1-a)S + a·s·I)⁻¹·(1-a)B)</c>, s the mean variance.
/// </remarks>
internal static class HScore
{
    /// <summary>The rows that are used at most; they are drawn class by class.</summary>
    internal const int MostRows = 1000;

    /// <summary>The score of labeled rows.</summary>
    /// <param name="rows">At least two rows.</param>
    /// <param name="classCount">C.</param>
    /// <param name="seed">Draws the rows if there are more than <see cref="MostRows"/>.</param>
    internal static double Of(LabeledFeatures rows, int classCount, int seed)
    {
        if (rows.Count > MostRows) rows = HoldOut.Split(rows, (double)MostRows / rows.Count, seed).Validation;
        var (n, dim) = (rows.Count, rows.Features.Dim);
        var centered = Matrix<double>.Build.Dense(n, dim, (i, d) => rows.Features.Row(i)[d]);
        var mean = centered.ColumnSums() / n;
        for (var i = 0; i < n; i++) centered.SetRow(i, centered.Row(i) - mean);

        // All that is needed of the D x D matrices is in the N x N products of rows: with the rows X, S = XᵀX/N.
        var products = centered.TransposeAndMultiply(centered);
        var trace = products.Trace() / n;
        if (!(trace > 0)) return 0;
        var variance = trace / dim;
        var squares = products.FrobeniusNorm() * products.FrobeniusNorm() / ((double)n * n);
        // Ledoit and Wolf: the distance of S to the shrunken form, and what of it is the noise of the sample.
        var distance = squares - (variance * trace);
        var noise = (products.Diagonal().PointwisePower(2).Sum() / n - squares) / n;
        var shrinkage = distance > 0 ? Math.Clamp(noise / distance, 0, 1) : 1;
        if (shrinkage == 1) return 0;

        // A class' mean is Xᵀw, w = 1/n_c on its rows; by the push-through identity wᵀX(aI + bXᵀX)⁻¹Xᵀw = wᵀ(aI + bG)⁻¹Gw, G = XXᵀ.
        var (a, b) = (shrinkage * variance, (1 - shrinkage) / n);
        // Without shrinkage S may be singular; the smallest shift that keeps the factors finite.
        var shift = Math.Max(a, 1e-10 * trace);
        var factor = (products * b + Matrix<double>.Build.DenseIdentity(n) * shift).Cholesky();
        var labels = rows.Labels.ToArray();
        double score = 0;
        for (var c = 0; c < classCount; c++)
        {
            var ofClass = Vector<double>.Build.Dense(n, i => labels[i] == c ? 1 : 0);
            var count = ofClass.Sum();
            if (count == 0) continue;
            var w = ofClass / count;
            score += count / n * w.DotProduct(factor.Solve(products * w));
        }

        return (1 - shrinkage) * score;
    }
}
