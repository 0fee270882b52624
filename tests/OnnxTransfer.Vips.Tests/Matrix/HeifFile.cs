using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>Puts properties and EXIF data into an AVIF or HEIC file (ISO/IEC 23008-12), which its encoders do not write as one asks them to.</summary>
internal static class HeifFile
{
    /// <summary>The file with properties of its primary picture, in the order in which they apply, and perhaps EXIF data.</summary>
    internal static byte[] With(byte[] file, (string Name, byte Value)[] properties, byte[]? exif)
    {
        var top = Boxes(file);
        var meta = Boxes(top.Single(box => box.Name == "meta").Body[4..]);
        var primary = BinaryPrimitives.ReadUInt16BigEndian(Body("pitm").AsSpan(4));
        var container = Boxes(Boxes(Body("iprp")).Single(box => box.Name == "ipco").Body);
        var associations = Boxes(Body("iprp")).Single(box => box.Name == "ipma").Body;
        var numbers = properties.Select((_, i) => (byte)(0x80 | (container.Count + 1 + i))).ToArray();
        container.AddRange(properties.Select(property => (property.Name, new[] { property.Value })));
        Replace("iprp", [.. Box("ipco", Join(container)), .. Box("ipma", Associated(associations, primary, numbers))]);
        var items = Places(Body("iloc"));
        if (exif is not null)
        {
            var item = items.Max(place => place.Item) + 1;
            items.Add((item, 0, -1, exif.Length + 4));
            var infos = Body("iinf");
            infos[5]++;
            Replace("iinf", [.. infos, .. Box("infe", [2, 0, 0, 0, (byte)(item >> 8), (byte)item, 0, 0, .. "Exif"u8, 0])]);
            var references = meta.FirstOrDefault(box => box.Name == "iref").Body ?? [0, 0, 0, 0];
            meta.RemoveAll(box => box.Name == "iref");
            meta.Add(("iref", [.. references, .. Box("cdsc", [(byte)(item >> 8), (byte)item, 0, 1, (byte)(primary >> 8), (byte)primary])]));
        }

        // The places have a fixed length, so the length of all is known before them.
        Replace("iloc", Located(items, 0, 0));
        var grown = Box("meta", [0, 0, 0, 0, .. Join(meta)]).Length - 8 - top.Single(box => box.Name == "meta").Body.Length;
        Replace("iloc", Located(items, grown, file.Length + grown + 8));
        var whole = Join([.. top.Select(box => box.Name == "meta" ? ("meta", (byte[])[0, 0, 0, 0, .. Join(meta)]) : box)]);
        // The place of EXIF's TIFF header, counted from behind this number.
        return exif is null ? whole : [.. whole, .. Box("mdat", [0, 0, 0, 0, .. exif])];

        byte[] Body(string name) => meta.Single(box => box.Name == name).Body;
        void Replace(string name, byte[] body) => meta[meta.FindIndex(box => box.Name == name)] = (name, body);
    }

    private static List<(string Name, byte[] Body)> Boxes(byte[] bytes)
    {
        var boxes = new List<(string, byte[])>();
        for (int at = 0, length; at < bytes.Length; at += length)
        {
            length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            boxes.Add((Encoding.ASCII.GetString(bytes, at + 4, 4), bytes[(at + 8)..(at + length)]));
        }

        return boxes;
    }

    private static byte[] Box(string name, byte[] body) => [.. Number(body.Length + 8), .. Encoding.ASCII.GetBytes(name), .. body];

    private static byte[] Join(List<(string Name, byte[] Body)> boxes) => [.. boxes.SelectMany(box => Box(box.Name, box.Body))];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Each item's number, how many properties it has, and theirs, one byte each.</summary>
    private static byte[] Associated(byte[] associations, int primary, byte[] more)
    {
        Assert.Equal([0, 0, 0, 0], associations[..4]);
        List<byte> all = [.. associations[..8]];
        for (var at = 8; at < associations.Length;)
        {
            var (item, count) = (BinaryPrimitives.ReadUInt16BigEndian(associations.AsSpan(at)), associations[at + 2]);
            byte[] own = [.. associations[(at + 3)..(at + 3 + count)], .. item == primary ? more : []];
            all.AddRange([associations[at], associations[at + 1], (byte)own.Length, .. own]);
            at += 3 + count;
        }

        return [.. all];
    }

    /// <summary>The items in one piece each: number, kind of place, place and length.</summary>
    private static List<(int Item, int Kind, int At, int Length)> Places(byte[] places)
    {
        var (version, at) = (places[0], 8);
        var (offsetSize, lengthSize, baseSize) = (places[4] >> 4, places[4] & 15, places[5] >> 4);
        var items = new List<(int, int, int, int)>();
        for (var left = (places[6] << 8) | places[7]; left > 0; left--)
        {
            var (item, kind) = (Next(2), version == 0 ? 0 : Next(2));
            Next(2);
            var start = Next(baseSize);
            Assert.Equal(1, Next(2));
            items.Add((item, kind, start + Next(offsetSize), Next(lengthSize)));
        }

        return items;

        int Next(int size)
        {
            var number = 0;
            for (; size > 0; size--) number = (number << 8) | places[at++];
            return number;
        }
    }

    /// <param name="items">A place of -1 is that of the EXIF data.</param>
    /// <param name="grown">What the places are moved by.</param>
    /// <param name="exif">Where the EXIF data are.</param>
    private static byte[] Located(List<(int Item, int Kind, int At, int Length)> items, int grown, int exif) =>
    [
        1, 0, 0, 0, 0x44, 0, 0, (byte)items.Count,
        .. items.SelectMany(item => (byte[])
        [
            (byte)(item.Item >> 8), (byte)item.Item, 0, (byte)item.Kind, 0, 0, 0, 1, .. Number(item.At < 0 ? exif : item.At + (item.Kind == 0 ? grown : 0)), .. Number(item.Length),
        ]),
    ];
}
