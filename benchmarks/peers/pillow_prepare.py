#!/usr/bin/env python3
"""Decode, resize and normalize with Pillow and NumPy on one thread, asked line by line on standard input.

`SET plain|draft` makes the tensor of every photograph and answers with the seconds on the clock and of the processor;
`SET MODE COUNT FILE` writes the first tensors to a file instead, little-endian float32."""
import io, sys, time
import numpy
import PIL
from PIL import Image
import photos


def prepare(data, draft):
    image = Image.open(io.BytesIO(data))
    if draft: image.draft('RGB', (224, 224))
    image = image.convert('RGB').resize((224, 224), Image.BILINEAR)
    return (numpy.asarray(image, dtype=numpy.float32) / 127.5 - 1).transpose(2, 0, 1).copy()


def main():
    print(f'Pillow {PIL.__version__}', flush=True)
    sets = {'flowers': photos.small(), 'large': photos.large(), 'huge': photos.huge()}
    for line in sys.stdin:
        name, mode, *rest = line.split()
        if rest:
            tensors = [prepare(data, mode == 'draft') for data in sets[name][:int(rest[0])]]
            numpy.stack(tensors).astype('<f4').tofile(rest[1])
            print('written', flush=True)
            continue
        clock, cpu = time.perf_counter(), time.process_time()
        for data in sets[name]: prepare(data, mode == 'draft')
        print(time.perf_counter() - clock, time.process_time() - cpu, flush=True)


if __name__ == '__main__':
    main()
