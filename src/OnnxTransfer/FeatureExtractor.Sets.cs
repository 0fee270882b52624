using OnnxTransfer.Embedding.Sets;

namespace OnnxTransfer;

/// <content>Feature sets on disk.</content>
public sealed partial class FeatureExtractor
{
    /// <summary>
    /// Writes the feature vectors of any number of images to a folder (<see cref="FeatureSet"/>), part by part; only the list of images is in
    /// memory. The files depend on the list, the part size, the network and the provider alone, and not on the order of the list. A part is
    /// there whole or not at all, so a run that was stopped goes on where it was: parts that are there and sound are kept.
    /// </summary>
    /// <remarks>
    /// <para>A part is recognized by its images' ids and labels and the network, and not by the content of the image files: if the content of a
    /// photo changes, delete its part.</para>
    /// <para>The list of a folder may grow. Parts with the same images as before are kept, and the others, which are those behind the first new
    /// id, are computed anew; with a feature cache this takes only the time to read the photos. Until the new set is complete, the old one
    /// can be opened. A list that lacks an image of the set, or gives it another label, is refused.</para>
    /// </remarks>
    /// <param name="folder">The folder, which is made if it does not exist.</param>
    /// <param name="images">The images, each with an <see cref="ImageInput.Id"/> of its own.</param>
    /// <param name="label">The class of an image by its <see cref="ImageInput.Id"/>; null for none.</param>
    /// <param name="options">The part size, the share, and the folder that ids are relative to; null for the defaults.</param>
    /// <param name="progress">Receives the progress after every batch; kept parts are not counted.</param>
    /// <param name="cancellationToken">Stops the run after the current images; finished parts stay.</param>
    /// <returns>
    /// The images that this run computed, and which parts of the set are missing; none, unless other shards are not done.
    /// </returns>
    /// <exception cref="ArgumentException">There is no image, two have the same id, or an id is not below <see cref="FeatureSetOptions.Root"/>.</exception>
    /// <exception cref="IOException">
    /// The folder has something else in it, or features of another network, another preprocessing or other images; or it cannot be written.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public Task<FeatureSetRun> EmbedToSetAsync(
        string folder, IEnumerable<ImageInput> images, Func<string, string?>? label = null, FeatureSetOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(images);
        ThrowIfDisposed();
        return SetBuilder.BuildAsync(Network, folder, images, label, options ?? new FeatureSetOptions(), progress, cancellationToken);
    }

    /// <summary>Checks that this extractor gives the vectors of a set, so that a head trained on the set fits it.</summary>
    /// <param name="set">The set.</param>
    /// <exception cref="ArgumentException">It has another network, preprocessing or precision; the message says what differs.</exception>
    public void RequireNetworkOf(FeatureSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        ThrowIfDisposed();
        if (Network.Source.Sha256 != set.NetworkSha256) throw Throw.SetOfAnotherExtractor(set.Folder, Network.Source.DifferenceFrom(set.Network));
    }
}
