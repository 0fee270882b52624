namespace OnnxTransfer.Reporting;

/// <summary>The plane in which vectors spread most: their first two principal components.</summary>
internal static class PrincipalPlane
{
    private const int MostPasses = 200;
    private const double Settled = 1e-10;

    /// <summary>
    /// The places of the rows in the plane, <c>[N]</c> each, centered, and the share of the variance that the plane holds, in [0, 1]. Found by
    /// subspace iteration in float64 from fixed first directions, so that the same rows give the same picture.
    /// </summary>
    internal static (double[] X, double[] Y, double Share) Of(FeatureMatrix rows)
    {
        var (n, dim) = (rows.RowCount, rows.Dim);
        var centered = Centered(rows);
        double total = 0;
        foreach (var value in centered) total += value * value;
        double[][] places = [new double[n], new double[n]];
        if (total == 0 || dim < 2) return (places[0], places[1], total == 0 ? 0 : 1);
        double[][] directions = [First(dim, 1), First(dim, 2)];
        var captured = 0.0;
        for (var pass = 0; pass < MostPasses; pass++)
        {
            Orthonormalize(directions);
            for (var k = 0; k < 2; k++) Project(centered, directions[k], places[k]);
            var before = captured;
            captured = places.Sum(axis => axis.Sum(place => place * place)) / total;
            if (captured - before < Settled * captured) break;
            for (var k = 0; k < 2; k++) directions[k] = Return(centered, places[k], dim);
        }

        // The wider one lies flat.
        return places[0].Sum(v => v * v) >= places[1].Sum(v => v * v) ? (places[0], places[1], captured) : (places[1], places[0], captured);
    }

    private static double[] Centered(FeatureMatrix rows)
    {
        var (n, dim) = (rows.RowCount, rows.Dim);
        var (mean, centered) = (new double[dim], new double[n * dim]);
        for (var i = 0; i < n; i++)
            for (var d = 0; d < dim; d++) mean[d] += rows.Row(i)[d] / (double)n;
        for (var i = 0; i < n; i++)
            for (var d = 0; d < dim; d++) centered[(i * dim) + d] = rows.Row(i)[d] - mean[d];
        return centered;
    }

    /// <summary>Numbers that no data are orthogonal to by intent.</summary>
    private static double[] First(int dim, int which) => [.. Enumerable.Range(0, dim).Select(d => Math.Cos((d + 1) * which * 1.6180339887))];

    private static void Orthonormalize(double[][] directions)
    {
        Scale(directions[0]);
        double shared = 0;
        for (var d = 0; d < directions[0].Length; d++) shared += directions[0][d] * directions[1][d];
        for (var d = 0; d < directions[0].Length; d++) directions[1][d] -= shared * directions[0][d];
        Scale(directions[1]);
    }

    private static void Scale(double[] direction)
    {
        var length = Math.Sqrt(direction.Sum(v => v * v));
        for (var d = 0; d < direction.Length && length > 0; d++) direction[d] /= length;
    }

    private static void Project(double[] centered, double[] direction, double[] places)
    {
        var dim = direction.Length;
        for (var i = 0; i < places.Length; i++)
        {
            double sum = 0;
            for (var d = 0; d < dim; d++) sum += centered[(i * dim) + d] * direction[d];
            places[i] = sum;
        }
    }

    private static double[] Return(double[] centered, double[] places, int dim)
    {
        var direction = new double[dim];
        for (var i = 0; i < places.Length; i++)
            for (var d = 0; d < dim; d++) direction[d] += places[i] * centered[(i * dim) + d];
        return direction;
    }
}
