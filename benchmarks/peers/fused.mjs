// A saved classifier in plain onnxruntime-node: are its probabilities those that `onnxtransfer predict` gives?
// node fused.mjs CLASSIFIER.onnx PHOTOS [COUNT]; every COUNT-th part of the photos is taken, 20 in all by default.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const [file, folder, count = '20'] = process.argv.slice(2);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cli = join(root, 'artifacts', 'bin', 'OnnxTransfer.Cli', 'release', 'OnnxTransfer.Cli.dll');
const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
const photos = all.filter((_, i) => i % Math.max(1, Math.floor(all.length / count)) === 0).slice(0, count);

const session = await ort.InferenceSession.create(file);
const [, height, width] = session.inputMetadata[0].shape;
const scratch = mkdtempSync(join(tmpdir(), 'onnxtransfer-fused-'));
try {
  // Both sides get photos that have the network's size already, so that only what the file computes is compared.
  const prepared = photos.map((_, i) => join(scratch, `${String(i).padStart(3, '0')}.png`));
  for (const [i, photo] of photos.entries()) {
    await sharp(photo).rotate().resize(width, height, { fit: 'fill' }).toColourspace('srgb').removeAlpha().png().toFile(prepared[i]);
  }

  const ours = JSON.parse(execFileSync('dotnet', [cli, 'predict', file, ...prepared, '--top', '1000', '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 }));
  let [worst, agreed] = [0, 0];
  for (const [i, path] of prepared.entries()) {
    const pixels = await sharp(path).raw().toBuffer();
    const output = await session.run({ [session.inputNames[0]]: new ort.Tensor('uint8', pixels, [1, height, width, 3]) });
    const theirs = output.probabilities.data;
    for (const { index, probability } of ours[i].top) worst = Math.max(worst, Math.abs(theirs[index] - probability));
    agreed += ours[i].index === theirs.indexOf(Math.max(...theirs));
  }

  console.log(`onnxruntime-node ${ort.env.versions.node}: ${photos.length} photos, ${session.inputNames[0]} uint8 [N,${height},${width},3]`);
  console.log(`same class on ${agreed}, greatest difference of a probability ${worst}`);
  process.exitCode = agreed === photos.length && worst <= 1e-5 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true });
}
