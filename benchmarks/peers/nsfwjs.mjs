// The two Keras networks of the npm package nsfwjs, and TensorFlow.js to run them, on its plain JavaScript backend.
//   nsfwjs.mjs export NETWORK FOLDER           writes the network as model.json and shards, what `onnxtransfer models convert` reads
//   nsfwjs.mjs run FOLDER X.npy LAYER...       writes what the layers give for images [N,H,W,3] to FOLDER/LAYER.npy, channels last
import * as tf from '@tensorflow/tfjs';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [command, ...rest] = process.argv.slice(2);

function exportNetwork(network, folder) {
  const require = createRequire(import.meta.url);
  const models = join(dirname(fileURLToPath(import.meta.url)), 'node_modules', 'nsfwjs', 'dist', 'models', network);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(models)) {
    const name = file.replace('.min.js', '');
    const content = require(join(models, file));
    if (name === 'model') writeFileSync(join(folder, 'model.json'), JSON.stringify(content));
    else writeFileSync(join(folder, name), Buffer.from(content, 'base64'));
  }
}

function load(folder) {
  const json = JSON.parse(readFileSync(join(folder, 'model.json')));
  const shards = json.weightsManifest.flatMap(group => group.paths.map(path => readFileSync(join(folder, path))));
  const weights = Buffer.concat(shards);
  return tf.loadLayersModel(tf.io.fromMemory({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap(group => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
  }));
}

function readNpy(path) {
  const file = readFileSync(path);
  const start = 10 + file.readUInt16LE(8);
  const shape = /'shape': \(([\d, ]+)/.exec(file.toString('latin1', 10, start))[1].split(',').filter(s => s.trim()).map(Number);
  return tf.tensor(new Float32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length)), shape);
}

function writeNpy(path, tensor) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tensor.shape.join(', ')},), }`;
  const padded = header + ' '.repeat(63 - (10 + header.length) % 64) + '\n';
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length % 256, padded.length >> 8]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(padded, 'latin1'), Buffer.from(tensor.dataSync().buffer)]));
}

async function run(folder, input, layers) {
  await tf.setBackend('cpu');
  const whole = await load(folder);
  const model = tf.model({ inputs: whole.inputs, outputs: layers.map(layer => whole.getLayer(layer).output) });
  const images = readNpy(input);
  // One by one: the plain backend needs no batches, and memory stays small.
  const rows = [];
  for (let i = 0; i < images.shape[0]; i++) rows.push([model.predict(images.slice(i, 1))].flat());
  layers.forEach((layer, i) => writeNpy(join(folder, `${layer}.npy`), tf.concat(rows.map(row => row[i]))));
}

if (command === 'export') exportNetwork(rest[0], rest[1]);
else if (command === 'run') await run(rest[0], rest[1], rest.slice(2));
else throw new Error('say export or run');
