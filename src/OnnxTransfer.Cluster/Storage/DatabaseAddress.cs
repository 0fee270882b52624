using Npgsql;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>Where the PostgreSQL database of a cluster is: <c>postgres://user[:password]@host[:port]/database[?sslmode=require]</c>.</summary>
internal static class DatabaseAddress
{
    private static readonly string[] s_settings = ["sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "timeout"];

    /// <summary>The connection string of an address. A password that is not in it is taken from PGPASSWORD or from ~/.pgpass.</summary>
    /// <exception cref="ArgumentException">The text is no such address.</exception>
    internal static string Parse(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql") || uri.Host.Length == 0) throw Wrong(address, "it is no address of a PostgreSQL database");
        var user = uri.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToArray();
        var database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (user[0].Length == 0) throw Wrong(address, "the user is missing");
        if (database.Length == 0) throw Wrong(address, "the database is missing");
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host.Trim('[', ']'),
            Port = uri.Port < 0 ? 5432 : uri.Port,
            Username = user[0],
            Database = database,
            ApplicationName = "onnxtransfer-cluster",
            // A database that does not answer is asked again; a call that waits for it holds the membership up.
            Timeout = 5,
            CommandTimeout = 10,
            MaxPoolSize = 16,
            KeepAlive = 10,
        };
        if (user.Length > 1) builder.Password = user[1];
        foreach (var setting in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = setting.Split('=', 2).Select(Uri.UnescapeDataString).ToArray();
            if (pair.Length < 2 || !s_settings.Contains(pair[0], StringComparer.OrdinalIgnoreCase)) throw Wrong(address, $"'{pair[0]}' is none of the settings {string.Join(", ", s_settings)}");
            try
            {
                builder[pair[0] switch
                {
                    "sslmode" => "SSL Mode",
                    "sslrootcert" => "Root Certificate",
                    "sslcert" => "SSL Certificate",
                    "sslkey" => "SSL Key",
                    var other => other,
                }] = pair[0] == "sslmode" ? pair[1].Replace("-", "", StringComparison.Ordinal) : pair[1];
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
            {
                throw Wrong(address, $"{pair[0]} cannot be '{pair[1]}'");
            }
        }

        return builder.ConnectionString;
    }

    /// <summary>The address without its password, for messages.</summary>
    internal static string Shown(string connection)
    {
        var builder = new NpgsqlConnectionStringBuilder(connection);
        return $"postgres://{builder.Username}@{builder.Host}:{builder.Port}/{builder.Database}";
    }

    private static ArgumentException Wrong(string address, string why)
    {
        // The password of a mistyped address is not repeated either.
        var shown = address.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at && address.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme && scheme < at ? $"{address[..(scheme + 3)]}...{address[at..]}" : address;
        return new ArgumentException($"--membership {shown}: {why}; it must be postgres://USER@HOST:PORT/DATABASE.");
    }
}
