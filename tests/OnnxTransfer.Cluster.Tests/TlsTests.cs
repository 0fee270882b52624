using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>A cluster with certificates: who has one of the authority joins, and nobody else is answered.</summary>
[Collection(PostgresTestGroup.Name)]
public sealed class TlsTests(Postgres postgres)
{
    [PostgresFact]
    public async Task WorkersOfOneAuthorityWorkTogetherAndOthersAreNotAnswered()
    {
        using var folder = new TempFolder();
        string[] membership = ["--membership", postgres.NewDatabase()];
        string[] cluster = [.. membership, .. Certificate(folder, "ours")];
        using var small = new SmallJob(cluster);
        // The coordinator is in the silo of the first, which makes nothing; the second makes the parts.
        using var stranger = small.Worker("stranger", "--backbone", small.OtherNetwork);
        await stranger.SaysAsync("joined");
        var job = small.Submit("out");
        await stranger.SaysAsync($"refused by job {job}: The network '");
        using var worker = small.Worker("worker");
        var status = await ClusterProcess.EndOfAsync(job, cluster, worker);
        Assert.Equal("done", status.GetProperty("state").GetString());
        Assert.Equal(["worker"], status.GetProperty("workers").EnumerateArray().Select(one => one.GetProperty("worker").GetString()));
        Assert.Equal(["stranger"], status.GetProperty("refused").EnumerateArray().Select(one => one.GetProperty("worker").GetString()));

        // At once, because each tries for half a minute.
        string[][] others = [membership, [.. membership, .. Certificate(folder, "theirs")]];
        foreach (var error in await Task.WhenAll(others.Select(other => Task.Run(() => ClusterProcess.Fail(["status", job, .. other])))))
            Assert.Contains("does it use the same TLS files as this command?", error, StringComparison.Ordinal);
        Assert.Equal("done", ClusterProcess.Status(job, cluster).GetProperty("state").GetString());
    }

    /// <summary>Makes an authority and a certificate that it has signed, and gives the options that name them.</summary>
    private static string[] Certificate(TempFolder folder, string name)
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name} authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var authority = request.CreateSelfSigned(from, until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name} worker", key, HashAlgorithmName.SHA256).Create(authority, from, until, [1, 2, 3]);
        string[] files = [folder.File($"{name}.pem"), folder.File($"{name}.key"), folder.File($"{name}-authority.pem")];
        File.WriteAllText(files[0], certificate.ExportCertificatePem());
        File.WriteAllText(files[1], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(files[2], authority.ExportCertificatePem());
        return ["--certificate", files[0], "--key", files[1], "--authority", files[2]];
    }
}
