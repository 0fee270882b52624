// embed.mjs MODEL PHOTO...: photos to feature vectors with sharp and onnxruntime-node, as a careful Node.js program does it:
// the next batch is decoded on libuv's threads while the network runs on all cores. The first 64 photos warm up.
// Prints one JSON object: seconds, images, versions.
import { cpus } from 'node:os';
import { createRequire } from 'node:module';

process.env.UV_THREADPOOL_SIZE = String(cpus().length);
const { default: sharp } = await import('sharp');
const { default: ort } = await import('onnxruntime-node');
const version = createRequire(import.meta.url)('onnxruntime-node/package.json').version;

sharp.concurrency(1);
sharp.cache(false);
const [model, ...photos] = process.argv.slice(2);
const [batchSize, length] = [32, 224 * 224 * 3];
const session = await ort.InferenceSession.create(model);

async function prepare(path, tensor, at) {
  const rgb = await sharp(path).resize(224, 224, { fit: 'fill', kernel: 'linear' }).toColourspace('srgb').removeAlpha().raw().toBuffer();
  for (let i = 0; i < length; i++) tensor[at + i] = rgb[i] / 127.5 - 1;
}

async function batch(paths) {
  const tensor = new Float32Array(paths.length * length);
  await Promise.all(paths.map((path, i) => prepare(path, tensor, i * length)));
  return new ort.Tensor('float32', tensor, [paths.length, 224, 224, 3]);
}

async function embed(paths) {
  const rows = [];
  let next = batch(paths.slice(0, batchSize));
  for (let start = 0; start < paths.length; start += batchSize) {
    const input = await next;
    if (start + batchSize < paths.length) next = batch(paths.slice(start + batchSize, start + 2 * batchSize));
    rows.push((await session.run({ input }, ['features'])).features.data);
  }
  return rows;
}

await embed(photos.slice(0, 64));
const start = performance.now();
await embed(photos);
console.log(JSON.stringify({
  seconds: (performance.now() - start) / 1000, images: photos.length, versions: `${sharp.versions.sharp}, ${version}`,
}));
