using System.Text.Json;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>QEMU's machine protocol: a command and its answer, a line of JSON each; events between them are skipped.</summary>
internal sealed class Qmp : IDisposable
{
    private readonly Stream stream;
    private readonly StreamReader lines;

    public Qmp(Stream stream)
    {
        this.stream = stream;
        lines = new StreamReader(stream);
        Receive();
        Do("qmp_capabilities");
    }

    /// <summary>Makes QEMU do something.</summary>
    /// <returns>What it answered.</returns>
    public JsonElement Do(string command, object? arguments = null)
    {
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(arguments is null ? new { execute = command } : (object)new { execute = command, arguments }));
        stream.WriteByte((byte)'\n');
        for (; ; )
        {
            JsonElement answer = Receive();
            if (answer.TryGetProperty("return", out JsonElement value))
            {
                return value;
            }

            if (answer.TryGetProperty("error", out JsonElement error))
            {
                throw new TargetException($"QEMU refused {command}: {error.GetProperty("desc").GetString()}");
            }
        }
    }

    public void Dispose() => lines.Dispose();

    private JsonElement Receive() => lines.ReadLine() is { } line
        ? JsonSerializer.Deserialize<JsonElement>(line)
        : throw new TargetException("QEMU ended");
}
