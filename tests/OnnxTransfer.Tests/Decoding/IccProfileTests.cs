using System.Buffers.Binary;
using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

public sealed class IccProfileTests
{
    /// <summary>Images with many rare profiles must not make each later image read its own common one again.</summary>
    [Fact]
    public void A_profile_is_remembered_also_after_many_others()
    {
        for (var i = 1; i <= 40; i++)
        {
            var rare = TestProfile.AdobeRgb.ToArray();
            // The time of its making, which no color depends on.
            BinaryPrimitives.WriteInt32BigEndian(rare.AsSpan(24), i);
            Assert.NotNull(IccProfile.Find(rare, 3));
        }

        // The least of some: other tests read profiles too.
        Assert.Contains(Enumerable.Range(0, 20), _ => ReferenceEquals(IccProfile.Find(TestProfile.AdobeRgb, 3), IccProfile.Find(TestProfile.AdobeRgb, 3)));
    }
}
