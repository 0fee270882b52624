#!/usr/bin/env python3
"""embed.py PHOTO...: photos to the pooled features of torchvision's MobileNetV2 with Pillow and PyTorch, decoding in worker
processes, batches of 32. The weights are random: only the time is compared. The first 64 photos warm up.
Prints one JSON object: seconds, images, versions."""
import json, os, sys, time
import numpy
import PIL
import torch
import torchvision
from PIL import Image


class Photos(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        image = Image.open(self.paths[index]).convert('RGB').resize((224, 224), Image.BILINEAR)
        return torch.from_numpy((numpy.asarray(image, dtype=numpy.float32) / 127.5 - 1).transpose(2, 0, 1).copy())


def embed(network, paths):
    loader = torch.utils.data.DataLoader(Photos(paths), batch_size=32, num_workers=os.cpu_count())
    with torch.inference_mode():
        return [network(batch).mean((2, 3)) for batch in loader]


def main():
    paths = sys.argv[1:]
    network = torchvision.models.mobilenet_v2().features.eval()
    embed(network, paths[:64])
    start = time.perf_counter()
    embed(network, paths)
    print(json.dumps({'seconds': time.perf_counter() - start, 'images': len(paths), 'versions': f'{PIL.__version__}, {torch.__version__}'}))


if __name__ == '__main__':
    main()
