// Decode, resize and normalise with sharp: images per second on one thread, best of five rounds.
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const shared = process.env.ONNXTRANSFER_SHARED ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'shared');
const large = process.env.ONNXTRANSFER_LARGE_PHOTOS ?? join(tmpdir(), 'onnxtransfer-large');
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name.endsWith('.jpg')).map((entry) => join(entry.parentPath, entry.name)).sort();

async function prepare(data, fastShrinkOnLoad) {
  const { data: rgb } = await sharp(data).resize(224, 224, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad })
    .toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const plane = 224 * 224, tensor = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) tensor[c * plane + i] = rgb[3 * i + c] / 127.5 - 1;
  return tensor;
}

async function rate(images, fast) {
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const data of images) await prepare(data, fast);
    best = Math.max(best, images.length / (performance.now() - start) * 1000);
  }
  return best;
}

console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`);
const sets = { flowers: files(join(shared, 'data', 'flowers')).filter((_, i) => i % 3 === 0).slice(0, 100), '1600x1200': files(large) };
for (const [name, paths] of Object.entries(sets)) {
  const images = paths.map((path) => readFileSync(path));
  for (const fast of [false, true]) console.log(`${name} ${fast ? 'shrink on load' : 'plain'}: ${(await rate(images, fast)).toFixed(0)} images/s`);
}
