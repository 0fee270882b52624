#!/usr/bin/env python3
"""Writes the HEIC samples beside itself: the picture of the other decoder tests in every way a phone may store it.

Needs Debian's python3-pil and libheif-examples (heif-enc, written with 1.15.1). What heif-enc does not write is put into its files
here: how the picture is to be turned (irot, imir), and EXIF data.
"""
import math, os, random, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, '..', '..', 'OnnxTransfer.Tests', 'Decoding', 'Samples')
sys.path.insert(0, SOURCES)
from make_samples import ALPHAS, COLOURS, GREYS, P3, H, W, in_space, lab8, paint, profile, rgb_profile, s15
from PIL import Image

path = lambda name: os.path.join(HERE, name)
LOSSLESS = ['-L', '-p', 'chroma=444', '--matrix_coefficients=0']


def encode(name, pictures, *options, icc=None):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, picture in enumerate(pictures):
            files.append(os.path.join(folder, f'{i}.png'))
            picture.save(files[-1], icc_profile=icc)
        subprocess.run(['heif-enc', *options, '-o', path(name), *files], check=True, stdout=subprocess.DEVNULL)


# ---- ISO base media files: boxes of a length, a name and a body -----------------------------------------------------
def boxes(data):
    at, found = 0, []
    while at < len(data):
        length, name = struct.unpack_from('>I4s', data, at)
        found.append((name, data[at + 8:at + length]))
        at += length
    return found


box = lambda name, body: struct.pack('>I4s', 8 + len(body), name) + body
join = lambda parts: b''.join(box(*part) for part in parts)


def edit(name, properties=(), exif=None):
    """Adds properties to the primary picture, in the order in which they apply, and an EXIF block."""
    with open(path(name), 'rb') as file:
        data = file.read()
    top = dict(boxes(data))
    version, meta = top[b'meta'][:4], dict(boxes(top[b'meta'][4:]))
    primary = struct.unpack_from('>H', meta[b'pitm'], 4)[0]
    container, ipma = (body for _, body in boxes(meta[b'iprp']))
    container = boxes(container)
    numbers = []
    for one in properties:
        container.append(one)
        # The high bit says that a reader which does not know the property must not show the picture.
        numbers.append(0x80 | len(container))
    # Each item's number, how many properties it has, and theirs.
    assert ipma[:4] == b'\0\0\0\0'
    entries, at = b'', 8
    for _ in range(struct.unpack_from('>I', ipma, 4)[0]):
        item, count = struct.unpack_from('>HB', ipma, at)
        own = ipma[at + 3:at + 3 + count] + bytes(numbers if item == primary else [])
        entries += struct.pack('>HB', item, len(own)) + own
        at += 3 + count
    meta[b'iprp'] = join([(b'ipco', join(container)), (b'ipma', ipma[:8] + entries)])

    # Where the bytes of the items are: number, kind of place (0: counted from the file's begin), file, offset, then one piece.
    iloc, fields = meta[b'iloc'], '>HHHIHII'
    assert iloc[0] == 1 and iloc[4:6] == b'\x44\x40'
    size = struct.calcsize(fields)
    rows = [list(struct.unpack_from(fields, iloc, 8 + size * i)) for i in range(struct.unpack_from('>H', iloc, 6)[0])]
    old = data.index(top[b'mdat'], len(data) - len(top[b'mdat']))
    content = top[b'mdat']
    if exif:
        item = max(row[0] for row in rows) + 1
        rows.append([item, 0, 0, old + len(content), 1, 0, len(exif) + 4])
        # A 4-byte offset to the TIFF header comes first.
        content += b'\0\0\0\0' + exif
        infos = boxes(meta[b'iinf'][6:]) + [(b'infe', b'\2\0\0\0' + struct.pack('>HH4s', item, 0, b'Exif') + b'\0')]
        meta[b'iinf'] = meta[b'iinf'][:4] + struct.pack('>H', len(infos)) + join(infos)
        references = meta.get(b'iref', b'\0\0\0\0')
        meta[b'iref'] = references + box(b'cdsc', struct.pack('>HHH', item, 1, primary))

    def before(start):
        moved = b''.join(struct.pack(fields, *row[:3], row[3] + (start - old if row[1] == 0 else 0), *row[4:]) for row in rows)
        located = iloc[:6] + struct.pack('>H', len(rows)) + moved
        return box(b'ftyp', top[b'ftyp']) + box(b'meta', version + join((meta | {b'iloc': located}).items()))

    with open(path(name), 'wb') as file:
        file.write(before(len(before(old)) + 8) + box(b'mdat', content))


irot = lambda quarters: (b'irot', bytes([quarters]))        # counter-clockwise
imir = lambda axis: (b'imir', bytes([axis]))                # 0: top and bottom change places, 1: left and right


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()[6:]


def swapping_profile():
    """A table from RGB to Lab in which red and blue have changed places: no matrix can say that it is one."""
    steps, ramp = 8, bytes(range(256))
    grid = []
    for r in range(steps):
        for g in range(steps):
            for b in range(steps):
                grid += lab8([v / (steps - 1) for v in (b, g, r)])
    body = b'mft1\0\0\0\0' + bytes([3, 3, steps, 0]) + b''.join(s15(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + ramp * 3 + bytes(grid) + ramp * 3
    return profile(b'mntr', b'RGB ', b'Lab ', [(b'A2B0', body)])


def roomy(space):
    """A profile that is long enough for tests to put any other in its place."""
    return profile(b'mntr', space, b'XYZ ', [(b'kTRC', b'curv\0\0\0\0\0\0\0\0'), (b'room', b'text\0\0\0\0' + b'.' * 3000)])


def waves():
    """As much detail as a photograph has, so that bytes in the middle of the file can be damaged."""
    noise, size = random.Random(11), (320, 240)
    wave = lambda x, y, c: 128 + 60 * math.sin((x + 40 * c) / 31) + 40 * math.cos((2 * y - x) / 23) + 20 * math.sin((x + y) / 3.7) + noise.randint(-8, 8)
    picture = Image.new('RGB', size)
    picture.putdata([tuple(min(255, max(0, round(wave(x, y, c)))) for c in range(3)) for y in range(size[1]) for x in range(size[0])])
    return picture


def main():
    rgb, grey = paint('RGB', COLOURS), paint('L', GREYS)
    encode('rgb.heic', [rgb], *LOSSLESS)
    encode('alpha.heic', [paint('RGBA', [c + (a,) for c, a in zip(COLOURS, ALPHAS)])], *LOSSLESS)
    encode('grey.heic', [grey], '-q', '95')
    encode('display-p3.heic', [paint('RGB', in_space(P3, 2.2))], *LOSSLESS, icc=rgb_profile(P3, 2.2))
    encode('table-profile.heic', [paint('RGB', [c[::-1] for c in COLOURS])], *LOSSLESS, icc=swapping_profile())
    encode('room-rgb.heic', [rgb], *LOSSLESS, icc=roomy(b'RGB '))
    encode('room-rgba.heic', [paint('RGBA', [c + (a,) for c, a in zip(COLOURS, ALPHAS)])], *LOSSLESS, icc=roomy(b'RGB '))
    encode('room-grey.heic', [grey], '-q', '95', icc=roomy(b'GRAY'))
    encode('two.heic', [rgb, grey], *LOSSLESS)

    # As stored, and the properties that turn it upright.
    ways = {
        'half-turn': (Image.ROTATE_180, [irot(2)]),
        'quarter-turn': (Image.ROTATE_270, [irot(1)]),
        'three-quarter-turn': (Image.ROTATE_90, [irot(3)]),
        'mirrored': (Image.FLIP_LEFT_RIGHT, [imir(1)]),
        'mirrored-upside-down': (Image.FLIP_TOP_BOTTOM, [imir(0)]),
    }
    for name, (method, properties) in ways.items():
        encode(f'{name}.heic', [rgb.transpose(method)], *LOSSLESS)
        edit(f'{name}.heic', properties)
    # A phone says it twice: a reader that follows both turns too far.
    encode('phone.heic', [rgb.transpose(Image.ROTATE_90)], *LOSSLESS)
    edit('phone.heic', [irot(3)], exif_of(6))
    encode('exif-alone.heic', [rgb], *LOSSLESS)
    edit('exif-alone.heic', exif=exif_of(3))

    large = Image.new('RGB', (640, 480))
    large.putdata([(x * 255 // 639, y * 255 // 479, 128) for y in range(480) for x in range(640)])
    encode('large.heic', [large], '-q', '40')
    encode('waves.heic', [waves()], '-q', '55')
    # Of 16 bits a channel the encoder keeps 10. Pillow writes no such PNG, and no profile that is none.
    for name, source in {'ten-bit.heic': 'rgb16.png', 'ten-bit-display-p3.heic': 'display-p3-16.png', 'broken-profile.heic': 'broken-profile.jpg'}.items():
        subprocess.run(['heif-enc', '-q', '95', '-p', 'chroma=444', '-o', path(name), os.path.join(SOURCES, source)], check=True, stdout=subprocess.DEVNULL)
    sizes = [os.path.getsize(path(name)) for name in os.listdir(HERE) if name.endswith('.heic')]
    print(f'{len(sizes)} samples, {sum(sizes)} bytes, the largest {max(sizes)}')


if __name__ == '__main__':
    sys.exit(main())
