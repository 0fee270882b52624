#!/usr/bin/env python3
"""Writes the sample images of the decoder tests beside itself: every format and color type, one small picture.

The picture is 32x16 pixels in four quadrants of 16x8, so that JPEG's 8x8 blocks never straddle two colors.
Needs Debian's python3-pil, libjpeg-turbo-progs (cjpeg), webp (cwebp) and libheif-examples (heif-enc).
"""
import os, struct, subprocess, sys, tempfile, zlib
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
W, H = 32, 16
COLOURS = [(200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 220, 220)]  # top left, top right, bottom left, bottom right
GREYS = [60, 120, 180, 240]
ALPHAS = [255, 255, 0, 128]
path = lambda name: os.path.join(HERE, name)


def paint(mode, values, size=(W, H)):
    image = Image.new(mode, size)
    image.putdata([values[(y * 2 // size[1]) * 2 + x * 2 // size[0]] for y in range(size[1]) for x in range(size[0])])
    return image


# ---- ICC profiles, written from ICC.1:2010 -----------------------------------------------------------------------
s15 = lambda v: struct.pack('>i', round(v * 65536))
xyz = lambda v: b'XYZ \0\0\0\0' + b''.join(map(s15, v))


def profile(kind, space, pcs, tags):
    """A version 2 profile of the given class and color space."""
    tags = [(b'desc', b'desc\0\0\0\0' + struct.pack('>I', 5) + b'test\0' + b'\0' * 78), (b'cprt', b'text\0\0\0\0none\0'),
            (b'wtpt', xyz((0.9642, 1, 0.8249)))] + tags
    offset, table, data = 132 + 12 * len(tags), struct.pack('>I', len(tags)), b''
    for name, body in tags:
        table += name + struct.pack('>II', offset + len(data), len(body))
        data += body + b'\0' * (-len(body) % 4)
    head = struct.pack('>I4sI4s4s4s', 128 + len(table) + len(data), b'lcms', 0x02400000, kind, space, pcs)
    head += struct.pack('>6H', 2026, 1, 1, 0, 0, 0) + b'acsp' + b'\0' * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    return head.ljust(128, b'\0') + table + data


def rgb_profile(primaries, gamma):
    """A matrix profile: D50-adapted primaries (rows R, G, B) and one power curve."""
    curve = b'curv\0\0\0\0' + struct.pack('>IH', 1, round(gamma * 256))
    names = zip((b'rXYZ', b'gXYZ', b'bXYZ'), primaries)
    return profile(b'mntr', b'RGB ', b'XYZ ', [(n, xyz(p)) for n, p in names] + [(n, curve) for n in (b'rTRC', b'gTRC', b'bTRC')])


def cmyk_profile():
    """A press of ideal inks: a 2x2x2x2 table from CMYK to Lab whose corners are plain."""
    corners = []
    for c in (0, 1):
        for m in (0, 1):
            for y in (0, 1):
                for k in (0, 1):
                    rgb = [0 if k else 1 - v for v in (c, m, y)]
                    corners += lab8(rgb)
    ramp = bytes(range(256))
    body = b'mft1\0\0\0\0' + bytes([4, 3, 2, 0]) + b''.join(s15(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return profile(b'prtr', b'CMYK', b'Lab ', [(b'A2B0', body + ramp * 4 + bytes(corners) + ramp * 3)])


SRGB = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)]
P3 = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
linear = lambda v: v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
mix = lambda rows, v: [sum(rows[i][j] * v[i] for i in range(3)) for j in range(3)]


def lab8(rgb):
    f = lambda t: t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
    fx, fy, fz = (f(v / w) for v, w in zip(mix(SRGB, [linear(v) for v in rgb]), (0.9642, 1, 0.8249)))
    return [min(255, max(0, round(v))) for v in ((116 * fy - 16) * 2.55, 500 * (fx - fy) + 128, 200 * (fy - fz) + 128)]


def solve(rows, v):
    """The weights of three primaries that give XYZ v, by Cramer's rule."""
    det = lambda a, b, c: (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]))
    d = det(*rows)
    return [det(v, rows[1], rows[2]) / d, det(rows[0], v, rows[2]) / d, det(rows[0], rows[1], v) / d]


def in_space(primaries, gamma):
    """The picture's sRGB colors as coded in another RGB space."""
    code = lambda v: round(255 * max(0, v) ** (1 / gamma))
    return [tuple(map(code, solve(primaries, mix(SRGB, [linear(v / 255) for v in colour])))) for colour in COLOURS]


# ---- PNG types that Pillow does not write ------------------------------------------------------------------------
def png(name, depth, colour_type, pixel_bytes, interlace=0, extra=()):
    """pixel_bytes(quadrant) gives one pixel; interlaced files hold Adam7's seven passes; extra are (kind, body) before the pixels."""
    chunk = lambda kind, body: struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] if interlace else [(0, 0, 1, 1)]
    raw = b''
    for x0, y0, dx, dy in passes:
        for y in range(y0, H, dy):
            raw += b'\0' + b''.join(pixel_bytes((y * 2 // H) * 2 + x * 2 // W) for x in range(x0, W, dx))
    head = struct.pack('>IIBBBBB', W, H, depth, colour_type, 0, 0, interlace)
    with open(path(name), 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + b''.join(chunk(*e) for e in extra) + chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b''))


be16 = lambda v: struct.pack('>H', v * 257)


def bmp(name, bits, compression, pixels, palette=b'', masks=b'', height=H, size=40):
    body = struct.pack('<IiiHHIIiiII', size, W, height, 1, bits, compression, len(pixels), 2835, 2835, len(palette) // 4, 0) + masks
    offset = 14 + len(body) + len(palette)
    with open(path(name), 'wb') as file:
        file.write(b'BM' + struct.pack('<IHHI', offset + len(pixels), 0, 0, offset) + body + palette + pixels)


def main():
    rgb, grey = paint('RGB', COLOURS), paint('L', GREYS)
    rgba = paint('RGBA', [c + (a,) for c, a in zip(COLOURS, ALPHAS)])
    jpeg = dict(quality=95, subsampling=0)

    rgb.save(path('rgb.jpg'), **jpeg)
    rgb.save(path('progressive.jpg'), progressive=True, **jpeg)
    grey.save(path('grey.jpg'), **jpeg)
    rgb.convert('CMYK').save(path('cmyk.jpg'), **jpeg)
    rgb.convert('CMYK').save(path('cmyk-profile.jpg'), icc_profile=cmyk_profile(), **jpeg)
    rgb.save(path('broken-profile.jpg'), icc_profile=b'no profile at all', **jpeg)
    rgb.save(path('srgb-profile.jpg'), icc_profile=rgb_profile(SRGB, 2.2), **jpeg)
    paint('RGB', in_space(P3, 2.2)).save(path('display-p3.jpg'), icc_profile=rgb_profile(P3, 2.2), **jpeg)
    paint('RGB', in_space(ADOBE, 563 / 256)).save(path('adobe-rgb.jpg'), icc_profile=rgb_profile(ADOBE, 563 / 256), **jpeg)
    stored = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
              6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}
    for orientation, method in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        (rgb.transpose(method) if method is not None else rgb).save(path(f'orientation-{orientation}.jpg'), exif=exif, **jpeg)
        if orientation == 6:
            rgb.transpose(method).save(path('orientation-6.png'), exif=exif)
            rgb.transpose(method).save(path('orientation-6.webp'), exif=exif.tobytes(), lossless=True)

    # Large enough to be decoded at a fraction of its size.
    large = Image.new('RGB', (320, 240))
    large.putdata([(x * 255 // 319, y * 255 // 239, (x * y) // 300 % 256) for y in range(240) for x in range(320)])
    large.save(path('large.jpg'), quality=80)

    rgb.save(path('rgb.png'))
    grey.save(path('grey.png'))
    rgba.save(path('rgba.png'))
    paint('LA', list(zip(GREYS, ALPHAS))).save(path('grey-alpha.png'))
    paint('1', [0, 255, 255, 0]).save(path('one-bit.png'))
    palette = paint('P', [0, 1, 2, 3])
    palette.putpalette([v for c in COLOURS for v in c])
    palette.save(path('palette.png'))
    palette.save(path('palette-alpha.png'), transparency=bytes(ALPHAS))
    png('rgb16.png', 16, 2, lambda q: b''.join(map(be16, COLOURS[q])))
    png('rgba16.png', 16, 6, lambda q: b''.join(map(be16, COLOURS[q] + (ALPHAS[q],))))
    p3 = in_space(P3, 2.2)
    png('display-p3-16.png', 16, 2, lambda q: b''.join(map(be16, p3[q])), extra=[(b'iCCP', b'p3\0\0' + zlib.compress(rgb_profile(P3, 2.2), 9))])
    png('grey16.png', 16, 0, lambda q: be16(GREYS[q]))
    png('interlaced.png', 8, 2, lambda q: bytes(COLOURS[q]), interlace=1)
    # Linear light and Rec. 2020's primaries, if anybody believed it.
    primaries = struct.pack('>8I', 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)
    png('gamma.png', 8, 2, lambda q: bytes(COLOURS[q]), extra=[(b'gAMA', struct.pack('>I', 100000)), (b'cHRM', primaries)])

    rgb.save(path('lossless.webp'), lossless=True)
    rgba.save(path('alpha.webp'), lossless=True, exact=True)
    rgb.save(path('lossy.webp'), quality=95)
    other = Image.new('RGB', (W, H), (0, 0, 0))
    rgb.save(path('animated.webp'), save_all=True, append_images=[other], lossless=True, duration=100)
    palette.save(path('palette.gif'))
    palette.save(path('transparent.gif'), transparency=2)
    palette.save(path('animated.gif'), save_all=True, append_images=[other.convert('P')], duration=100)
    rgb.save(path('rgb.tif'))
    rgb.save(path('lzw.tif'), compression='tiff_lzw')
    grey.save(path('grey.tif'), compression='tiff_deflate')
    rgb.convert('CMYK').save(path('cmyk.tif'), compression='tiff_lzw')
    paint('1', [0, 255, 255, 0]).save(path('one-bit.tif'), compression='group4')
    paint('F', [v / 255 for v in GREYS]).save(path('float.tif'), compression='tiff_adobe_deflate')
    paint('I', [v << 16 for v in GREYS]).save(path('int32.tif'), compression='tiff_adobe_deflate')

    rgb.save(path('rgb.bmp'))
    palette.save(path('palette.bmp'))
    paint('1', [0, 255, 255, 0]).save(path('one-bit.bmp'))
    table = b''.join(struct.pack('BBBB', b, g, r, 0) for r, g, b in COLOURS)
    low_to_high = [(y * 2 // H) * 2 for y in reversed(range(H))]
    line = lambda q: bytes([16, q, 16, q + 1])
    bmp('rle8.bmp', 8, 1, b''.join(line(q) + b'\0\0' for q in low_to_high) + b'\0\1', table)
    nibbles = lambda q: bytes([16, q * 17, 0, 16]) + bytes([(q + 1) * 17] * 8)
    bmp('rle4.bmp', 4, 2, b''.join(nibbles(q) + b'\0\0' for q in low_to_high) + b'\0\1', table)
    bmp('four-bit.bmp', 4, 0, b''.join(bytes([q * 17] * 8 + [(q + 1) * 17] * 8) for q in low_to_high), table)
    fits = lambda c: struct.pack('<H', (c[0] >> 3) << 11 | (c[1] >> 2) << 5 | c[2] >> 3)
    bmp('rgb565.bmp', 16, 3, b''.join(fits(COLOURS[q]) * 16 + fits(COLOURS[q + 1]) * 16 for q in low_to_high),
        masks=struct.pack('<III', 0xF800, 0x07E0, 0x001F))
    four = lambda q: bytes(COLOURS[q][::-1] + (ALPHAS[q],))
    bmp('alpha-top-down.bmp', 32, 3, b''.join(four(q) * 16 + four(q + 1) * 16 for q in reversed(low_to_high)),
        masks=struct.pack('<IIII', 0xFF0000, 0xFF00, 0xFF, 0xFF000000), height=-H, size=56)

    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'rgb')
        rgb.save(source + '.ppm')
        rgb.save(source + '.png')
        subprocess.run(['cjpeg', '-arithmetic', '-quality', '95', '-sample', '1x1', '-outfile', path('arithmetic.jpg'), source + '.ppm'], check=True)
        subprocess.run(['heif-enc', '-q', '95', '-A', '-o', path('rgb.avif'), source + '.png'], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(['heif-enc', '-q', '90', '-o', path('rgb.heic'), source + '.png'], check=True, stdout=subprocess.DEVNULL)
    sizes = [os.path.getsize(path(name)) for name in os.listdir(HERE) if not name.endswith('.py')]
    print(f'{len(sizes)} samples, {sum(sizes)} bytes')


if __name__ == '__main__':
    sys.exit(main())
