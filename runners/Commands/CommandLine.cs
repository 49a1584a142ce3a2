using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Runners.Spec;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary>The program <c>kvmspec</c>: its commands, and how errors become one line and an exit status.</summary>
public static class CommandLine
{
    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(errors);
        RootCommand root = new("An executable specification of the Linux KVM userspace API, and checks of kernels against it.")
        {
            CheckCommand.Make(output),
            TargetsCommand.Make(output),
            GuestCommand.Make(output),
            ExplainCommand.Make(output),
            RulesCommand.Make(output),
            SpecCommand.Make(output),
            VectorsCommand.Make(output),
            CoverageCommand.Make(output),
            BenchCommand.Make(output),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            string problem = string.Join(' ', parsed.Errors[0].Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
            errors.WriteLine($"kvmspec: {problem} Try 'kvmspec {string.Join(' ', args.TakeWhile(a => !a.StartsWith('-')).Take(1).Append("--help"))}'.");
            return ExitStatus.BadRequest;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
        }
        catch (VectorFileException e)
        {
            foreach (string line in e.Lines)
            {
                errors.WriteLine("kvmspec: " + line);
            }

            return ExitStatus.BadRequest;
        }
        catch (Exception e) when (e is RequestException or EditException or SpecFormatException)
        {
            errors.WriteLine("kvmspec: " + e.Message);
            return ExitStatus.BadRequest;
        }
        catch (TargetException e)
        {
            errors.WriteLine("kvmspec: " + e.Message);
            return ExitStatus.NoTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine("kvmspec: " + e.Message);
            return ExitStatus.BadRequest;
        }
    }
}
