using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Reporting;
using OnnxTransfer.Tests.Training;

namespace OnnxTransfer.Tests.Reporting;

public sealed class PrincipalPlaneTests
{
    /// <summary>The distances in the plane and its share of the variance are those of MathNet's singular value decomposition.</summary>
    [Theory]
    [InlineData(60, 8, 3, 3.0)]
    [InlineData(12, 40, 2, 4.0)]
    public void The_plane_is_that_of_the_largest_singular_values(int count, int dim, int classes, double distance)
    {
        var rows = Gaussians.Make(count, dim, classes, distance).Features;
        var x = Matrix<double>.Build.Dense(count, dim, (i, d) => rows.Row(i)[d]);
        var mean = x.ColumnSums() / count;
        for (var i = 0; i < count; i++) x.SetRow(i, x.Row(i) - mean);
        var svd = x.Svd();
        var expected = x * svd.VT.SubMatrix(0, 2, 0, dim).Transpose();

        var (across, up, share) = PrincipalPlane.Of(rows);

        Assert.Equal((svd.S[0] * svd.S[0] + svd.S[1] * svd.S[1]) / svd.S.Sum(s => s * s), share, 1e-4);
        for (var i = 1; i < count; i++)
        {
            var (dx, dy) = (across[i] - across[0], up[i] - up[0]);
            Assert.Equal((expected.Row(i) - expected.Row(0)).L2Norm(), Math.Sqrt((dx * dx) + (dy * dy)), 0.05);
        }

        Assert.True(across.Sum(v => v * v) >= up.Sum(v => v * v));
    }

    [Fact]
    public void Equal_rows_have_no_plane()
    {
        Assert.Equal(0, PrincipalPlane.Of(new FeatureMatrix([1, 2, 1, 2, 1, 2], 3, 2)).Share);
    }
}
