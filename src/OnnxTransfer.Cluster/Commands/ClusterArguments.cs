extern alias cli;

using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using cli::OnnxTransfer.Cli;
using OnnxTransfer.Cluster.Storage;
using OnnxTransfer.Cluster.Workers;

namespace OnnxTransfer.Cluster.Commands;

/// <summary>The options that say which cluster, of every command.</summary>
internal sealed class ClusterArguments
{
    private readonly Option<string> _membership = new("--membership")
    {
        Description = "The PostgreSQL database that the cluster meets in. A password is better in PGPASSWORD or ~/.pgpass: a command line is seen by other users.",
        Required = true,
        HelpName = "postgres://USER@HOST:PORT/DATABASE",
    };

    private readonly Option<string> _cluster = new("--cluster") { Description = "The name of the cluster; several may share a database.", DefaultValueFactory = _ => "onnxtransfer", HelpName = "NAME" };
    private readonly Option<string?> _certificate = new("--certificate") { Description = "This machine's certificate for TLS.", HelpName = "FILE.pem" };
    private readonly Option<string?> _key = new("--key") { Description = "The private key of --certificate.", HelpName = "FILE.pem" };
    private readonly Option<string?> _authority = new("--authority") { Description = "The authority that signed the certificates of the cluster; whoever has one of its certificates may join.", HelpName = "FILE.pem" };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Also print what Orleans logs." };

    internal ClusterArguments(Command command)
    {
        foreach (var option in (Option[])[_membership, _cluster, _certificate, _key, _authority, _verbose]) command.Options.Add(option);
    }

    internal bool IsVerbose(ParseResult parsed) => parsed.GetValue(_verbose);

    internal ClusterDatabase Database(ParseResult parsed)
    {
        var connection = UsageException.Check(() => DatabaseAddress.Parse(parsed.GetRequiredValue(_membership)));
        var cluster = parsed.GetRequiredValue(_cluster);
        if (cluster.Length == 0) throw new UsageException("--cluster is empty: give it a name.");
        return new ClusterDatabase(connection, cluster);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="address">Where to listen; null for a command that only asks.</param>
    /// <param name="ports">The ports to listen on.</param>
    /// <param name="isOpen">Whether the user accepts a network without TLS.</param>
    internal ClusterNetwork Network(ParseResult parsed, IPAddress? address = null, (int Silo, int Gateway) ports = default, bool isOpen = false)
    {
        string?[] files = [parsed.GetValue(_certificate), parsed.GetValue(_key), parsed.GetValue(_authority)];
        var given = files.Count(file => file is not null);
        if (given is not (0 or 3)) throw new UsageException("--certificate, --key and --authority belong together: give all three for TLS, or none.");
        address ??= IPAddress.Loopback;
        if (given == 0)
        {
            if (!IPAddress.IsLoopback(address) && !isOpen)
                throw new UsageException($"--listen {address} is reached from other machines: give --certificate, --key and --authority for TLS, or --insecure where everybody who reaches this port may read and change the cluster's jobs.");
            return new ClusterNetwork(address, ports.Silo, ports.Gateway, null, null);
        }

        foreach (var file in files)
            if (!File.Exists(file)) throw new FileNotFoundException($"There is no file '{file}' (looked for {Path.GetFullPath(file!)}): check the path.");
        try
        {
            return new ClusterNetwork(address, ports.Silo, ports.Gateway, X509Certificate2.CreateFromPemFile(files[0]!, files[1]), X509CertificateLoader.LoadCertificateFromFile(files[2]!));
        }
        catch (CryptographicException exception)
        {
            throw new InvalidDataException($"'{files[0]}', '{files[1]}' and '{files[2]}' must be a certificate, its private key and the certificate of its authority in PEM format: {exception.Message}", exception);
        }
    }
}
