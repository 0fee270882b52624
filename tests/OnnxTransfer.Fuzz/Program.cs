// Looks for bytes at which a decoder or a reader of files breaks. Whatever the bytes, there is a result or the one error that is documented,
// within the limits and without memory that stays.
using System.Globalization;
using OnnxTransfer.Fuzz;

var parsers = Parsers.All.Select(parser => parser.Name).ToList();
try
{
    switch (args.FirstOrDefault())
    {
        case "decoders":
            return new DecoderRun(Number("--seed", 1), Number("--from", 0), Number("--inputs", 100_000), Text("--state")).Run();
        case { } name when parsers.Contains(name):
            var minutes = double.Parse(args.ElementAtOrDefault(1) is { } text && !text.StartsWith('-') ? text : "5", CultureInfo.InvariantCulture);
            var folder = Path.GetFullPath(Text("--folder") ?? Path.Combine("artifacts", "fuzz", name));
            using (var core = new InstrumentedCore(Parsers.All.Single(parser => parser.Name == name).Code)) return core.Call<int>(ParserRun.Run, name, folder, minutes, Number("--seed", 1));
    }
}
catch (InvalidDataException exception)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 2;
}

Console.Error.WriteLine($"""
    usage: OnnxTransfer.Fuzz decoders [--inputs N] [--seed S] [--from F] [--state FILE]
           OnnxTransfer.Fuzz PARSER [MINUTES] [--seed S] [--folder FOLDER]

      decoders  gives the mutated images F to F + N of seed S to every decoder; FILE keeps what is done, so that the same command goes on
                where an earlier one was stopped
      PARSER    mutates what a reader of files is given, led by the code that each input reaches: {string.Join(", ", parsers)}.
                FOLDER keeps the inputs that matter, for the next run, and the findings
    """);
return 2;

int Number(string name, int fallback) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

string? Text(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
