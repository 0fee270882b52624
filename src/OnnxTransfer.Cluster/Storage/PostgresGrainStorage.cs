using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orleans.Storage;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>
/// The state of grains in PostgreSQL, as JSON. A state is written only over the one that was read: of two activations of a grain, the
/// one that was thought to be dead cannot undo what the other has written.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="contracts">The types of the states.</param>
internal sealed class PostgresGrainStorage(ClusterDatabase database, JsonSerializerContext contracts) : IGrainStorage
{
    internal const string Name = "postgres";

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var rows = await database.QueryAsync(
            "SELECT etag, data::text FROM onnxtransfer_state WHERE cluster = @cluster AND kind = @kind AND id = @id",
            row => (Etag: row.GetInt64(0), Data: row.GetString(1)), Key(stateName, grainId)).ConfigureAwait(false);
        if (rows is not [var stored])
        {
            (grainState.RecordExists, grainState.ETag) = (false, null);
            return;
        }

        grainState.State = JsonSerializer.Deserialize(stored.Data, Contract<T>())!;
        (grainState.RecordExists, grainState.ETag) = (true, stored.Etag.ToString(CultureInfo.InvariantCulture));
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Before the first wait: what a reentrant grain changes while this is written belongs to the next write.
        (string Name, object Value)[] values = [.. Key(stateName, grainId), ("data", JsonSerializer.Serialize(grainState.State, Contract<T>())), ("etag", Etag(grainState.ETag))];
        var written = grainState.ETag is null
            ? await database.ExecuteAsync("INSERT INTO onnxtransfer_state (cluster, kind, id, etag, data) VALUES (@cluster, @kind, @id, @etag + 1, @data::jsonb) ON CONFLICT DO NOTHING", values).ConfigureAwait(false)
            : await database.ExecuteAsync("UPDATE onnxtransfer_state SET etag = etag + 1, data = @data::jsonb WHERE cluster = @cluster AND kind = @kind AND id = @id AND etag = @etag", values).ConfigureAwait(false);
        if (written != 1) throw new InconsistentStateException($"The state of {grainId} in the database is not the one that was read.", "another", grainState.ETag ?? "none");
        (grainState.RecordExists, grainState.ETag) = (true, (Etag(grainState.ETag) + 1).ToString(CultureInfo.InvariantCulture));
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var written = await database.ExecuteAsync(
            "DELETE FROM onnxtransfer_state WHERE cluster = @cluster AND kind = @kind AND id = @id AND etag = @etag", [.. Key(stateName, grainId), ("etag", Etag(grainState.ETag))]).ConfigureAwait(false);
        if (written != 1 && grainState.ETag is not null) throw new InconsistentStateException($"The state of {grainId} in the database is not the one that was read.", "another", grainState.ETag);
        grainState.State = Activator.CreateInstance<T>();
        (grainState.RecordExists, grainState.ETag) = (false, null);
    }

    private static (string Name, object Value)[] Key(string stateName, GrainId grainId) => [("kind", stateName), ("id", grainId.Key.ToString()!)];

    private static long Etag(string? etag) => etag is null ? 0 : long.Parse(etag, CultureInfo.InvariantCulture);

    private JsonTypeInfo<T?> Contract<T>() => (JsonTypeInfo<T?>)contracts.GetTypeInfo(typeof(T))!;
}
