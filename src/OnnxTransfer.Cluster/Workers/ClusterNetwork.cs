using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>Where a process listens, and who may talk to it.</summary>
/// <param name="Address">The address of this machine that the others reach.</param>
/// <param name="SiloPort">The port for silos; 0 for a free one.</param>
/// <param name="GatewayPort">The port for <c>submit</c>, <c>status</c> and <c>cancel</c>; 0 for a free one.</param>
/// <param name="Certificate">This machine's certificate with its key; null without TLS.</param>
/// <param name="Authority">The authority whose certificates are trusted, and no others; null without TLS.</param>
internal sealed record ClusterNetwork(IPAddress Address, int SiloPort, int GatewayPort, X509Certificate2? Certificate, X509Certificate2? Authority)
{
    /// <summary>A free port of the address. It is taken a moment later; if another process was faster, the silo does not start and tries again.</summary>
    internal static int Free(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Both sides show a certificate that the authority has signed: whoever has one may join, and nobody else.</summary>
    internal void Configure(TlsOptions options)
    {
        options.LocalCertificate = Certificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (certificate, _, _) => IsTrusted(certificate);
        options.CheckCertificateRevocation = false;
        // Workers come and go under addresses that nobody knows when the certificates are made; the authority is what counts.
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = Certificate!.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }

    private bool IsTrusted(X509Certificate2? certificate)
    {
        if (certificate is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }
}
