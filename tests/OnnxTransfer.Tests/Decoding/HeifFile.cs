using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>AVIF and HEIC files with properties that their encoder does not write (ISO/IEC 23008-12, 6.5).</summary>
internal static class HeifFile
{
    /// <summary>Brings the stored picture upright from an orientation of EXIF's: quarter turns to the left, then a mirror.</summary>
    public static byte[] Turned(byte[] file, int orientation) => orientation switch
    {
        2 => With(file, Mirror(1)),
        3 => With(file, Turn(2)),
        4 => With(file, Mirror(0)),
        5 => With(file, Turn(3), Mirror(1)),
        6 => With(file, Turn(3)),
        7 => With(file, Turn(3), Mirror(0)),
        8 => With(file, Turn(1)),
        _ => file,
    };

    /// <summary>The file with another size in the box that states it.</summary>
    public static byte[] Claiming(byte[] file, int width, int height)
    {
        byte[] changed = [.. file];
        var at = changed.AsSpan().IndexOf("ispe"u8) + 8;
        BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(at), width);
        BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(at + 4), height);
        return changed;
    }

    private static byte[] Turn(int quarters) => Box("irot", [(byte)quarters]);

    /// <param name="axis">0: top and bottom change places; 1: left and right.</param>
    private static byte[] Mirror(int axis) => Box("imir", [(byte)axis]);

    /// <summary>Adds properties to the primary picture, in the order in which they apply.</summary>
    private static byte[] With(byte[] file, params byte[][] properties)
    {
        var top = Boxes(file);
        var meta = Boxes(top["meta"][4..]);
        var iprp = Boxes(meta["iprp"]);
        var numbers = Enumerable.Range(Count(iprp["ipco"]) + 1, properties.Length).Select(number => (byte)(0x80 | number)).ToArray();
        iprp["ipco"] = [.. iprp["ipco"], .. properties.SelectMany(property => property)];
        iprp["ipma"] = Associated(iprp["ipma"], BinaryPrimitives.ReadUInt16BigEndian(meta["pitm"].AsSpan(4)), numbers);
        meta["iprp"] = Join(iprp);
        // The places of the pixels are counted from the beginning of the file.
        meta["iloc"] = Moved(meta["iloc"], properties.Sum(property => property.Length + 1));
        top["meta"] = [.. top["meta"][..4], .. Join(meta)];
        return Join(top);
    }

    /// <summary>For each picture its number, how many properties it has, and theirs.</summary>
    private static byte[] Associated(byte[] ipma, int primary, byte[] numbers)
    {
        Assert.Equal([0, 0, 0, 0], ipma[..4]);
        List<byte> changed = [.. ipma[..8]];
        for (var at = 8; at < ipma.Length; at += 3 + ipma[at + 2])
        {
            var more = BinaryPrimitives.ReadUInt16BigEndian(ipma.AsSpan(at)) == primary ? numbers : [];
            changed.AddRange([ipma[at], ipma[at + 1], (byte)(ipma[at + 2] + more.Length), .. ipma[(at + 3)..(at + 3 + ipma[at + 2])], .. more]);
        }

        return [.. changed];
    }

    /// <summary>
    /// For each picture its number, in version 1 the kind of place (0: counted from the file's beginning), the file, a base, and one piece.
    /// </summary>
    private static byte[] Moved(byte[] iloc, int by)
    {
        Assert.True(iloc[0] <= 1 && iloc[4] == 0x44 && iloc[5] == 0x40, "the file is of another encoder");
        byte[] changed = [.. iloc];
        var kind = 2 * iloc[0];
        for (var at = 8; at < iloc.Length; at += 18 + kind)
        {
            Assert.Equal(1, BinaryPrimitives.ReadUInt16BigEndian(iloc.AsSpan(at + kind + 8)));
            if (kind > 0 && BinaryPrimitives.ReadUInt16BigEndian(iloc.AsSpan(at + kind)) != 0) continue;
            var place = changed.AsSpan(at + kind + 4);
            BinaryPrimitives.WriteInt32BigEndian(place, BinaryPrimitives.ReadInt32BigEndian(place) + by);
        }

        return changed;
    }

    private static int Count(byte[] boxes)
    {
        var count = 0;
        for (var at = 0; at < boxes.Length; at += BinaryPrimitives.ReadInt32BigEndian(boxes.AsSpan(at))) count++;
        return count;
    }

    /// <summary>The bodies of boxes by their names, in their order.</summary>
    private static OrderedDictionary<string, byte[]> Boxes(byte[] bytes)
    {
        var boxes = new OrderedDictionary<string, byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            boxes.Add(Encoding.ASCII.GetString(bytes, at + 4, 4), bytes[(at + 8)..(at + length)]);
            at += length;
        }

        return boxes;
    }

    private static byte[] Join(OrderedDictionary<string, byte[]> boxes) => [.. boxes.SelectMany(box => Box(box.Key, box.Value))];

    /// <summary>A box of a name of four letters.</summary>
    public static byte[] Box(string name, byte[] body)
    {
        byte[] box = [0, 0, 0, 0, .. Encoding.ASCII.GetBytes(name), .. body];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        return box;
    }
}
