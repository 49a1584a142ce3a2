using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>The lines of a stream, one after the other, in a buffer that stays as large as the longest of them.</summary>
internal sealed class TraceLines(Stream stream, string path) : IDisposable
{
    private const int First = 1 << 16;

    /// <summary>More than any line of the format needs, so that a file which is none fills no memory.</summary>
    private const int Longest = 1 << 20;

    private byte[] buffer = new byte[First];
    private int from;
    private int to;
    private bool ended;

    /// <summary>The number of the line read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>True where the line read last ended with a line feed.</summary>
    public bool Whole { get; private set; }

    /// <summary>The next line without its line feed; valid until the one after it is read.</summary>
    /// <exception cref="RequestException">The line is too long.</exception>
    public bool Next(out ReadOnlySpan<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int length = buffer.AsSpan(from + searched, to - from - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += searched;
                line = buffer.AsSpan(from, length);
                from += length + 1;
                Number++;
                Whole = true;
                return true;
            }

            searched = to - from;
            if (ended)
            {
                line = buffer.AsSpan(from, searched);
                from = to;
                Whole = false;
                Number += searched > 0 ? 1 : 0;
                return searched > 0;
            }

            Fill();
        }
    }

    public void Dispose() => stream.Dispose();

    private void Fill()
    {
        int kept = to - from;
        if (kept >= Longest)
        {
            throw new RequestException($"{path}:{Number + 1}: the line is longer than {Longest} bytes: this is no trace");
        }

        byte[] target = kept <= buffer.Length / 2 ? buffer : new byte[buffer.Length * 2];
        buffer.AsSpan(from, kept).CopyTo(target);
        (buffer, from, to) = (target, 0, kept);
        int read = stream.Read(buffer, to, buffer.Length - to);
        to += read;
        ended = read == 0;
    }
}
