#!/usr/bin/env python3
"""Writes twelve photographs of 1600x1200 pixels and four of 4000x3000, flowers enlarged, to the temporary folder."""
import io, os
from PIL import Image
import photos

for name, count, size in ('large', 12, (1600, 1200)), ('huge', 4, (4000, 3000)):
    folder = os.path.join(photos.LARGE, name)
    os.makedirs(folder, exist_ok=True)
    for number, data in enumerate(photos.small()[::8][:count]):
        image = Image.open(io.BytesIO(data)).convert('RGB').resize(size, Image.BICUBIC)
        image.save(os.path.join(folder, f'{number:02}.jpg'), quality=90)
    print(folder)
