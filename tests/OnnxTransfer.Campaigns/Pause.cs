namespace OnnxTransfer.Campaigns;

/// <summary>Lets a campaign wait between two tries while a file exists, such as during a measurement on the same machine.</summary>
internal static class Pause
{
    /// <summary>The file; null for none.</summary>
    internal static string? File { get; set; }

    internal static void WhileAsked()
    {
        while (File is not null && System.IO.File.Exists(File)) Thread.Sleep(1000);
    }
}
