// heads.mjs FOLDER CLASSES BATCH: TensorFlow.js' side of `heads`, on x.npy, y.npy and order.npy of FOLDER. Plain JavaScript backend.
// Prints one JSON object: seconds of the median epoch after the first, of the whole training, and the mean loss of the last epoch, each batch before its step.
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';

const [folder, classes, batch] = [process.argv[2], +process.argv[3], +process.argv[4]];

function read(name, type) {
  const file = readFileSync(`${folder}/${name}.npy`);
  const start = 10 + file.readUInt16LE(8);
  const shape = /'shape': \(([\d, ]+)/.exec(file.toString('latin1', 10, start))[1].split(',').filter(s => s.trim()).map(Number);
  return { shape, values: new type(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length)) };
}

const [x, y, order] = [read('x', Float32Array), read('y', Int32Array), read('order', Int32Array)];
const [rows, dim] = x.shape;
const weights = tf.variable(tf.zeros([dim, classes]));
const bias = tf.variable(tf.zeros([classes]));
const adam = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
const seconds = [];
const began = performance.now();
let loss = 0;
for (let epoch = 0; epoch < order.shape[0]; epoch++) {
  const start = performance.now();
  loss = 0;
  for (let from = 0; from < rows; from += batch) {
    const chosen = order.values.subarray(epoch * rows + from, epoch * rows + Math.min(from + batch, rows));
    tf.tidy(() => {
      const features = new Float32Array(chosen.length * dim);
      chosen.forEach((row, i) => features.set(x.values.subarray(row * dim, (row + 1) * dim), i * dim));
      const [input, labels] = [tf.tensor2d(features, [chosen.length, dim]), tf.oneHot(Array.from(chosen, row => y.values[row]), classes)];
      const cost = adam.minimize(() => tf.losses.softmaxCrossEntropy(labels, input.matMul(weights).add(bias)), true);
      loss += cost.dataSync()[0] * chosen.length;
    });
  }
  seconds.push((performance.now() - start) / 1e3);
}

const sorted = seconds.slice(1).sort((a, b) => a - b);
const total = (performance.now() - began) / 1e3;
console.log(JSON.stringify({ seconds: sorted[sorted.length >> 1], total, loss: loss / rows }));
