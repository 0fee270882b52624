// Decode, resize and normalize with sharp on one thread, asked line by line on standard input, as pillow_prepare.py is:
// `SET plain|shrink`, or `SET MODE COUNT FILE` to write the first tensors.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const shared = process.env.ONNXTRANSFER_SHARED ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'shared');
const large = process.env.ONNXTRANSFER_LARGE_PHOTOS ?? join(tmpdir(), 'onnxtransfer-photos');
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name.endsWith('.jpg')).map((entry) => join(entry.parentPath, entry.name)).sort();
const read = (paths) => paths.map((path) => readFileSync(path));
const sets = { flowers: read(files(join(shared, 'data', 'flowers')).filter((_, i) => i % 3 === 0).slice(0, 100)), large: read(files(join(large, 'large'))), huge: read(files(join(large, 'huge'))) };

async function prepare(data, fastShrinkOnLoad) {
  const { data: rgb } = await sharp(data).resize(224, 224, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad })
    .toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const plane = 224 * 224, tensor = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) tensor[c * plane + i] = rgb[3 * i + c] / 127.5 - 1;
  return tensor;
}

console.log(`sharp ${sharp.versions.sharp} with libvips ${sharp.versions.vips}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [name, mode, count, path] = line.split(' ');
  if (path) {
    const tensors = [];
    for (const data of sets[name].slice(0, Number(count))) tensors.push(Buffer.from((await prepare(data, mode === 'shrink')).buffer));
    writeFileSync(path, Buffer.concat(tensors));
    console.log('written');
    continue;
  }
  const clock = performance.now(), cpu = process.cpuUsage();
  for (const data of sets[name]) await prepare(data, mode === 'shrink');
  const used = process.cpuUsage(cpu);
  console.log(`${(performance.now() - clock) / 1e3} ${(used.user + used.system) / 1e6}`);
}
