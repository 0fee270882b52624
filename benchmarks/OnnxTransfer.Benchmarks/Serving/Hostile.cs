using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OnnxTransfer.Benchmarks.Serving;

/// <summary>Requests that no good client sends.</summary>
internal static class Hostile
{
    /// <summary>Writes files that are no images, or no longer: random bytes, text, a JPEG cut short, one with random bytes in it, an empty one.</summary>
    internal static IReadOnlyList<string> WriteJunk(string folder)
    {
        var random = new Random(1);
        var photo = Photos.Small()[0];
        var noise = new byte[50_000];
        random.NextBytes(noise);
        byte[][] bodies = [noise, Encoding.ASCII.GetBytes(new string('x', 10_000)), photo[..(photo.Length / 2)], [.. photo[..2], .. noise], photo[..20], []];
        return
        [
            .. bodies.Select((body, i) =>
            {
                var path = Path.Combine(folder, $"junk{i}");
                File.WriteAllBytes(path, body);
                return path;
            }),
        ];
    }

    /// <summary>
    /// Connects again and again on 8 connections at a time, and goes away after a part of the head, after a part of the body, or after the
    /// whole request without reading the answer.
    /// </summary>
    /// <returns>How many connections there were.</returns>
    internal static async Task<int> DisconnectAsync(int port, IReadOnlyList<string> photos, int seconds)
    {
        var (count, clock) = (0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var body = await File.ReadAllBytesAsync(photos[random.Next(photos.Count)]);
                byte[] request = [.. Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port);
                var sent = random.Next(3) switch { 0 => random.Next(60), 1 => random.Next(100, request.Length), _ => request.Length };
                await client.GetStream().WriteAsync(request.AsMemory(0, sent));
                await Task.Delay(random.Next(20));
                // Half of them reset the connection instead of closing it.
                if (random.Next(2) == 0) client.LingerState = new LingerOption(true, 0);
                Interlocked.Increment(ref count);
            }
        })));
        return count;
    }
}
