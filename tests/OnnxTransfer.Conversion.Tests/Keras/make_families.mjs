// make_families.mjs: writes families.model.json, the building blocks of the well-known networks as small branches of one model, and
// prints what TensorFlow.js computes with the weights and the image of the formulas in KerasConverterTests. After
// `npm install --prefix benchmarks/peers`: NODE_PATH is not read by modules, so run it from benchmarks/peers, where the package is.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const tf = createRequire(join(process.cwd(), 'package.json'))('@tensorflow/tfjs');
const L = tf.layers;
const conv = (name, filters, kernelSize, more = {}) => L.conv2d({ name, filters, kernelSize, padding: 'same', ...more });
const bn = (name, more = {}) => L.batchNormalization({ name, ...more });
const chain = (x, ...layers) => layers.reduce((y, layer) => layer.apply(y), x);

const image = tf.input({ shape: [16, 14, 3], name: 'image' });

const vgg = chain(image, conv('v_1', 4, 3, { activation: 'relu' }), conv('v_2', 4, 3, { activation: 'relu' }),
  L.maxPooling2d({ name: 'v_pool', poolSize: 2, strides: 2 }), L.flatten({ name: 'v_flat' }),
  L.dense({ name: 'v_fc', units: 6, activation: 'relu' }), L.dense({ name: 'vgg', units: 4, activation: 'softmax' }));

function resnet(version) {
  const n = `r${version}`;
  const relu = i => L.activation({ name: `${n}_relu${i}`, activation: 'relu' });
  const eps = { epsilon: 1.001e-5 };
  let x = chain(image, L.zeroPadding2d({ name: `${n}_pad`, padding: 3 }), conv(`${n}_stem`, 6, 7, { strides: 2, padding: 'valid' }));
  if (version === 1) x = chain(x, bn(`${n}_bn0`, eps), relu(0));
  x = chain(x, L.zeroPadding2d({ name: `${n}_pad2`, padding: 1 }), L.maxPooling2d({ name: `${n}_pool`, poolSize: 3, strides: 2 }));
  if (version === 1) {
    const short = chain(x, conv('r1_0', 8, 1), bn('r1_0_bn', eps));
    const long = chain(x, conv('r1_1', 3, 1), bn('r1_1_bn', eps), relu(1), conv('r1_2', 3, 3), bn('r1_2_bn', eps), relu(2), conv('r1_3', 8, 1), bn('r1_3_bn', eps));
    return chain(L.add({ name: 'r1_add' }).apply([short, long]), L.activation({ name: 'resnet', activation: 'relu' }));
  }
  const before = chain(x, bn('r2_pre', eps), relu(1));
  const short = chain(x, L.maxPooling2d({ name: 'r2_short', poolSize: 1, strides: 2 }));
  const long = chain(before, conv('r2_1', 3, 1, { useBias: false }), bn('r2_1_bn', eps), relu(2), L.zeroPadding2d({ name: 'r2_pad3', padding: 1 }),
    conv('r2_2', 3, 3, { strides: 2, padding: 'valid', useBias: false }), bn('r2_2_bn', eps), relu(3), conv('r2_3', 6, 1));
  return L.add({ name: 'resnet_v2' }).apply([short, long]);
}

const mobilenet = chain(image, L.zeroPadding2d({ name: 'm_pad', padding: [[0, 1], [0, 1]] }), conv('m_stem', 4, 3, { strides: 2, padding: 'valid', useBias: false }), bn('m_bn'),
  L.reLU({ name: 'm_relu', maxValue: 6 }), L.depthwiseConv2d({ name: 'm_dw', kernelSize: 3, padding: 'same', useBias: false }), bn('m_dw_bn'), L.reLU({ name: 'm_relu2', maxValue: 6 }),
  conv('m_pw', 5, 1, { useBias: false }), bn('m_pw_bn'), L.reLU({ name: 'm_relu3', maxValue: 6 }), L.globalAveragePooling2d({ name: 'm_mean' }), L.reshape({ name: 'm_one', targetShape: [1, 1, 5] }),
  L.dropout({ name: 'm_drop', rate: 0.1 }), conv('m_preds', 4, 1), L.reshape({ name: 'm_flat', targetShape: [4] }), L.activation({ name: 'mobilenet', activation: 'softmax' }));

let e = chain(image, L.rescaling({ name: 'e_scale', scale: 2, offset: -1 }), conv('e_stem', 4, 3, { strides: 2, useBias: false }), bn('e_bn'), L.activation({ name: 'e_swish', activation: 'swish' }));
const squeezed = chain(e, L.depthwiseConv2d({ name: 'e_dw', kernelSize: 5, padding: 'same', useBias: false }), bn('e_dw_bn'), L.activation({ name: 'e_swish2', activation: 'swish' }));
const gate = chain(squeezed, L.globalAveragePooling2d({ name: 'e_mean' }), L.reshape({ name: 'e_one', targetShape: [1, 1, 4] }), conv('e_less', 2, 1, { activation: 'swish' }), conv('e_more', 4, 1, { activation: 'sigmoid' }));
const efficientnet = L.add({ name: 'efficientnet' }).apply([chain(L.multiply({ name: 'e_gated' }).apply([squeezed, gate]), conv('e_project', 4, 1, { useBias: false }), bn('e_project_bn')), e]);

let d = chain(image, conv('d_stem', 4, 3, { useBias: false }));
for (const i of [1, 2]) {
  const grown = chain(d, bn(`d_${i}_bn`), L.activation({ name: `d_${i}_relu`, activation: 'relu' }), conv(`d_${i}_a`, 4, 1, { useBias: false }), bn(`d_${i}_bn2`),
    L.activation({ name: `d_${i}_relu2`, activation: 'relu' }), conv(`d_${i}_b`, 2, 3, { useBias: false }));
  d = L.concatenate({ name: `d_${i}_concat`, axis: 3 }).apply([d, grown]);
}
const densenet = chain(d, bn('d_bn'), L.activation({ name: 'd_relu', activation: 'relu' }), conv('d_conv', 4, 1, { useBias: false }), L.averagePooling2d({ name: 'densenet', poolSize: 2, strides: 2 }));

const outputs = [vgg, resnet(1), resnet(2), mobilenet, efficientnet, densenet];
const model = tf.model({ inputs: image, outputs, name: 'families' });
const fill = (name, count) => Float32Array.from({ length: count }, (_, i) => ((i * 37 + name.length * 11) % 101) / 101 + (name.endsWith('variance') ? 0.5 : -0.5));
for (const weight of model.weights) weight.write(tf.tensor(fill(weight.originalName, weight.shape.reduce((a, b) => a * b, 1)), weight.shape));

await model.save(tf.io.withSaveHandler(async artifacts => {
  const json = { modelTopology: artifacts.modelTopology, weightsManifest: [{ paths: ['families.bin'], weights: artifacts.weightSpecs }] };
  writeFileSync(join(dirname(fileURLToPath(import.meta.url)), 'families.model.json'), JSON.stringify(json) + '\n');
  return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
}));
await tf.setBackend('cpu');
const x = tf.tensor(Float32Array.from({ length: 16 * 14 * 3 }, (_, i) => i * 7919 % 1000 / 1000), [1, 16, 14, 3]);
for (const [i, y] of model.predict(x).entries()) {
  const v = [...y.dataSync()].map(Number);
  console.log(model.outputNames[i], y.shape.join('x'), v.reduce((a, b) => a + b, 0).toPrecision(9), v.reduce((a, b) => a + b * b, 0).toPrecision(9), v.slice(0, 4).map(a => a.toPrecision(9)).join(', '));
}
