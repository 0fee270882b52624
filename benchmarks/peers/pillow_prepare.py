#!/usr/bin/env python3
"""Decode, resize and normalise with Pillow and NumPy: images per second on one thread, best of five rounds."""
import io, time
import numpy
import PIL
from PIL import Image
import photos


def prepare(data, draft):
    image = Image.open(io.BytesIO(data))
    if draft: image.draft('RGB', (224, 224))
    image = image.convert('RGB').resize((224, 224), Image.BILINEAR)
    return (numpy.asarray(image, dtype=numpy.float32) / 127.5 - 1).transpose(2, 0, 1).copy()


def rate(images, draft):
    best = 0
    for _ in range(5):
        start = time.perf_counter()
        for data in images: prepare(data, draft)
        best = max(best, len(images) / (time.perf_counter() - start))
    return best


def main():
    print(f'Pillow {PIL.__version__}')
    for name, images in (('flowers', photos.small()), ('1600x1200', photos.large())):
        for draft in (False, True):
            if images: print(f'{name} {"draft" if draft else "plain"}: {rate(images, draft):.0f} images/s')


if __name__ == '__main__':
    main()
