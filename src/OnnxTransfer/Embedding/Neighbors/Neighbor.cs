namespace OnnxTransfer;

/// <summary>One of the nearest vectors that a <see cref="FeatureIndex"/> found.</summary>
/// <param name="Id">The id of the vector, as it was given to <see cref="FeatureIndex.Build"/>.</param>
/// <param name="Index">The row of the vector in the matrix that the index was built from, from 0.</param>
/// <param name="Score">
/// How near the vector is, in the terms of the index's <see cref="DistanceMetric"/>: the cosine, in [-1, 1], where greater is nearer; or the
/// Euclidean distance, at least 0, where smaller is nearer.
/// </param>
public readonly record struct Neighbor(string Id, int Index, float Score);

/// <summary>How a <see cref="FeatureIndex"/> measures how near two vectors are.</summary>
public enum DistanceMetric
{
    /// <summary>
    /// The cosine of the angle between two vectors, <c>a·b / (|a||b|)</c>, in [-1, 1]: 1 for the same direction. The lengths of the vectors
    /// do not matter. The usual choice for feature vectors.
    /// </summary>
    Cosine,

    /// <summary>The length of the difference of two vectors, <c>|a - b|</c>: 0 for equal vectors, in the unit of the features.</summary>
    Euclidean,
}
