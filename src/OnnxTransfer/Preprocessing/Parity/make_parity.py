#!/usr/bin/env python3
"""Writes what VerifyParity compares with: two tiny images and what Pillow, OpenCV, TensorFlow's formula and torch's make of them.

Needs Debian's python3-pil (9.4) and python3-opencv (4.6). The .rgb and .f32 files are raw [H,W,3] bytes or little-endian float32, 0 to 255.
"""
import math, os, struct
import cv2, numpy
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
W, H, OUT, SHORT = 48, 36, 20, 24
path = lambda name: os.path.join(HERE, name)


def pixel(x, y):
    """Gradients, a ring and a chequered corner: smooth parts, edges and detail."""
    ring = 70 if 8 < math.hypot(x - 26, y - 16) < 12 else 0
    squares = 90 if x < 14 and y > 20 and (x // 2 + y // 2) % 2 else 0
    return (min(255, 5 * x + ring), min(255, 6 * y + squares), min(255, max(0, 200 - 3 * x - 2 * y + ring + squares)))


def linear(source, size_in, size_out, k):
    at = (k + 0.5) * size_in / size_out - 0.5
    first = math.floor(at)
    return max(first, 0), min(max(first + 1, 0), size_in - 1), at - first


def tensorflow(image):
    p, values = image.load(), []
    for y in range(OUT):
        y0, y1, fy = linear(p, H, OUT, y)
        for x in range(OUT):
            x0, x1, fx = linear(p, W, OUT, x)
            for c in range(3):
                above = p[x0, y0][c] + (p[x1, y0][c] - p[x0, y0][c]) * fx
                below = p[x0, y1][c] + (p[x1, y1][c] - p[x0, y1][c]) * fx
                values.append(above + (below - above) * fy)
    return struct.pack(f'<{len(values)}f', *values)


def tensorflow_nearest(image):
    """float32 as in TensorFlow's kernel: floor((k + 0.5) * scale)."""
    f, p = numpy.float32, image.load()
    at = lambda k, size_in: min(int((f(k) + f(0.5)) * (f(size_in) / f(OUT))), size_in - 1)
    return bytes(v for y in range(OUT) for x in range(OUT) for v in p[at(x, W), at(y, H)])


def torch_bilinear(image):
    """torch's interpolate(mode='bilinear', antialias=True) of floats, in float64: one matrix to each axis."""
    def matrix(size_in):
        scale = size_in / OUT
        wide = max(scale, 1)
        at = (numpy.arange(OUT)[:, None] + 0.5) * scale - 0.5
        weights = numpy.maximum(0, 1 - numpy.abs(numpy.arange(size_in)[None, :] - at) / wide)
        return weights / weights.sum(1, keepdims=True)
    pixels = numpy.asarray(image).astype(numpy.float64)
    return numpy.einsum('yh,xw,hwc->yxc', matrix(H), matrix(W), pixels).astype('<f4').tobytes()


def main():
    image = Image.new('RGB', (W, H))
    image.putdata([pixel(x, y) for y in range(H) for x in range(W)])
    image.save(path('picture.png'), optimize=True)
    image.save(path('picture.jpg'), quality=90)
    write = lambda name, data: open(path(name), 'wb').write(data)
    write('picture.png.rgb', image.tobytes())
    write('picture.jpg.rgb', Image.open(path('picture.jpg')).tobytes())
    write('PillowBilinear.rgb', image.resize((OUT, OUT), Image.BILINEAR).tobytes())
    write('PillowBicubic.rgb', image.resize((OUT, OUT), Image.BICUBIC).tobytes())
    for name in ('NEAREST', 'LANCZOS', 'BOX', 'HAMMING'):
        write(f'Pillow{name.capitalize()}.rgb', image.resize((OUT, OUT), getattr(Image, name)).tobytes())
    opencv = lambda how: cv2.resize(numpy.asarray(image), (OUT, OUT), interpolation=how).tobytes()
    write('Nearest.rgb', opencv(cv2.INTER_NEAREST))
    write('OpenCvLinear.rgb', opencv(cv2.INTER_LINEAR))
    write('TensorFlowBilinear.f32', tensorflow(image))
    write('TensorFlowNearest.rgb', tensorflow_nearest(image))
    write('TorchBilinear.f32', torch_bilinear(image))
    resized = image.resize((SHORT * W // H, SHORT), Image.BILINEAR)
    left, top = round((resized.width - OUT) / 2), round((resized.height - OUT) / 2)
    write('ShortestEdgeAndCrop.rgb', resized.crop((left, top, left + OUT, top + OUT)).tobytes())


if __name__ == '__main__':
    main()
