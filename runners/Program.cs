using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;

foreach (Revision revision in Revisions.All)
{
    Book book = revision.Book(Architecture.X86)!;
    Console.WriteLine($"{revision}: {book.Operations.Length} operations, {book.Clauses.Count} clauses, {book.Placements.Count()} rules placed");
}

Model model = new(Revisions.Linux73, X86Hosts.Amd);
Generator generator = new(model);
Dictionary<Rule, long> counts = [];
System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
long steps = 0;
long before = GC.GetAllocatedBytesForCurrentThread();
Call call = default;
for (ulong i = 0; i < 200000; i++)
{
    Generator.Walk walk = generator.Begin(Mixer.SeedOf(1, i));
    for (int k = 0; k < 30; k++)
    {
        Rule rule = walk.Next(ref call);
        counts[rule] = counts.GetValueOrDefault(rule) + 1;
        steps++;
    }
}

long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
Console.WriteLine($"{steps / watch.Elapsed.TotalSeconds / 1e6:f2} M steps/s, {bytes / (double)steps:f1} bytes a step");
foreach (string id in model.Book.Clauses.Where(id => !counts.Keys.Any(r => r.Id == id)))
{
    Console.WriteLine("never decided: " + id);
}

foreach ((Rule rule, long count) in counts.OrderBy(c => c.Value).Take(40))
{
    Console.WriteLine($"{count} {rule}");
}

Console.WriteLine(generator.Generate(new SequenceName(Mixer.SeedOf(1, 5), 30)));
