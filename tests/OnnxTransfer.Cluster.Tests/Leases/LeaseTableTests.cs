using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Cluster.Leases;

namespace OnnxTransfer.Cluster.Tests.Leases;

public sealed class LeaseTableTests
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(10);

    [Fact]
    public void AnyInterleavingEndsWithEveryPartDoneOnceOrReported()
    {
        var steps = Gen.Choose(0, 999_999).ListOf();
        Prop.ForAll(Gen.Zip(Gen.Choose(1, 40), steps).ToArbitrary(), sample =>
        {
            var (count, moves) = sample;
            Run(count, [.. moves]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void APartIsGivenUpAfterThreeAttemptsThatThrew()
    {
        var table = new LeaseTable(new PartSet(2), s_lease, []);
        for (var attempt = 1; attempt <= LeaseTable.MaxFailures; attempt++)
        {
            Assert.Contains(0, table.Take("a", 2, TimeSpan.Zero));
            Assert.Equal(attempt == LeaseTable.MaxFailures, table.Fail("a", 0, $"attempt {attempt}"));
        }

        Assert.Equal([new FailedPart(0, "a", "attempt 3")], table.Failed);
        Assert.False(table.IsSettled);
        table.Complete(1);
        Assert.True(table.IsSettled);
    }

    [Fact]
    public void AFailureThatIsReportedTwiceCountsOnce()
    {
        var table = new LeaseTable(new PartSet(1), s_lease, []);
        table.Take("a", 1, TimeSpan.Zero);
        for (var i = 0; i < 5; i++) Assert.False(table.Fail("a", 0, "again"));
        Assert.Empty(table.Failed);
        Assert.Equal([0], table.Take("b", 1, TimeSpan.Zero));
    }

    [Fact]
    public void APartThatTenWorkersDieOfIsGivenUp()
    {
        var table = new LeaseTable(new PartSet(1), s_lease, []);
        for (var worker = 0; worker < LeaseTable.MaxLosses; worker++)
        {
            Assert.Equal([0], table.Take($"w{worker}", 1, s_lease * worker));
            table.Lose(name => name == $"w{worker}");
        }

        Assert.Equal(0, Assert.Single(table.Failed).Part);
        Assert.True(table.IsSettled);
    }

    [Fact]
    public void AnExpiredLeaseGoesToAnotherWorkerAndTheLateOneCountsOnce()
    {
        var table = new LeaseTable(new PartSet(1), s_lease, []);
        Assert.Equal([0], table.Take("slow", 1, TimeSpan.Zero));
        Assert.Empty(table.Take("fast", 1, s_lease / 2));
        Assert.Equal([0], table.Take("fast", 1, s_lease));
        Assert.Equal([0], table.Renew("slow", [0], s_lease));
        Assert.True(table.Complete(0));
        Assert.False(table.Complete(0));
        Assert.Equal(1, table.LostCount);
    }

    [Fact]
    public void ANewTableAdoptsTheLeasesOfTheOldOne()
    {
        var table = new LeaseTable(new PartSet(3), s_lease, []);
        Assert.Empty(table.Renew("a", [1], TimeSpan.Zero));
        Assert.Equal([0, 2], table.Take("b", 3, TimeSpan.Zero));
        Assert.Equal([1], table.Renew("b", [0, 1, 2], TimeSpan.Zero));
    }

    [Fact]
    public void PartsWhoseLeaseNobodyHeardOfGoBackAtOnce()
    {
        var table = new LeaseTable(new PartSet(3), s_lease, []);
        table.Take("a", 2, TimeSpan.Zero);
        table.Reconcile("a", [1]);
        Assert.Equal([0, 2], table.Take("b", 3, TimeSpan.Zero));
        Assert.Equal(0, table.LostCount);
    }

    [Fact]
    public void ASetOfPartsSurvivesItsBytes()
    {
        Prop.ForAll(Gen.Zip(Gen.Choose(1, 100), Gen.Choose(0, 999).ListOf()).ToArbitrary(), sample =>
        {
            var (count, parts) = sample;
            var set = new PartSet(count);
            foreach (var part in parts) set.Add(part % count);
            var again = PartSet.FromBytes(count, set.ToBytes());
            Assert.Equal(set.Number, again.Number);
            Assert.All(Enumerable.Range(0, count), part => Assert.Equal(parts.Any(one => one % count == part), again.Contains(part)));
        }).QuickCheckThrowOnFailure();
        Assert.Throws<InvalidDataException>(() => PartSet.FromBytes(9, [0]));
        Assert.Throws<InvalidDataException>(() => PartSet.FromBytes(3, [8]));
    }

    private static void Run(int count, IReadOnlyList<int> moves)
    {
        string[] workers = ["a", "b", "c"];
        var done = new PartSet(count);
        var table = new LeaseTable(done, s_lease, []);
        var held = workers.ToDictionary(worker => worker, _ => new HashSet<int>());
        var counted = new int[count];
        var now = TimeSpan.Zero;
        foreach (var move in moves)
        {
            var worker = workers[move % 3];
            var part = move / 30 % count;
            switch (move / 3 % 10)
            {
                case 0 or 1:
                    foreach (var one in table.Take(worker, 1 + (part % 4), now))
                    {
                        Assert.DoesNotContain(table.Failed, failed => failed.Part == one);
                        Assert.Equal(0, counted[one]);
                        held[worker].Add(one);
                    }

                    break;
                case 2 or 3:
                    if (held[worker].Remove(part) && table.Complete(part)) counted[part]++;
                    break;
                case 4:
                    if (held[worker].Remove(part)) table.Fail(worker, part, "threw");
                    break;
                case 5:
                    foreach (var dropped in table.Renew(worker, held[worker], now)) held[worker].Remove(dropped);
                    break;
                case 6:
                    now += TimeSpan.FromSeconds(part);
                    break;
                case 7:
                    table.Reconcile(worker, held[worker]);
                    break;
                case 8:
                    table.Lose(name => name == worker);
                    break;
                default:
                    // The coordinator is lost: only the parts that are done, and those that were given up, are known after it.
                    table = new LeaseTable(done = PartSet.FromBytes(count, done.ToBytes()), s_lease, [.. table.Failed]);
                    break;
            }
        }

        // Whatever happened before, one worker that goes on ends the job.
        for (var turn = 0; !table.IsSettled; turn++)
        {
            Assert.True(turn < 2 * count, "the table gives out no part and is not settled");
            now += s_lease;
            foreach (var part in table.Take("last", 3, now))
                if (table.Complete(part)) counted[part]++;
        }

        Assert.Equal(count, counted.Count(times => times == 1) + table.Failed.Count);
        Assert.All(table.Failed, failed => Assert.Equal(0, counted[failed.Part]));
        Assert.Equal(0, table.LeasedCount);
    }
}
