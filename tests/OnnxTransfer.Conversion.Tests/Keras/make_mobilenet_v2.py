"""Writes an .h5 file of weights of keras.applications' MobileNetV2 without its top, as mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5
is: names of layers and weights, and no architecture. The weights are drawn. Needs h5py. Run: python3 make_mobilenet_v2.py FILE.h5 SEED"""
import sys
import h5py
import numpy as np

path, rng = sys.argv[1], np.random.default_rng(int(sys.argv[2]))
layers = []


def convolution(name, size, depth, filters):
    scale = np.sqrt(2 / (size * size * depth))
    layers.append((name, [("kernel", rng.normal(0, scale, (size, size, depth, filters)))]))


def depthwise(name, depth):
    layers.append((name, [("depthwise_kernel", rng.normal(0, np.sqrt(2 / 9), (3, 3, depth, 1)))]))


def normalization(name, count):
    arrays = [("gamma", rng.uniform(0.8, 1.2, count)), ("beta", rng.normal(0, 0.1, count)), ("moving_mean", rng.normal(0, 0.1, count)), ("moving_variance", rng.uniform(0.6, 1.4, count))]
    layers.append((name, arrays))


convolution("Conv1", 3, 3, 32)
normalization("bn_Conv1", 32)
depth, block = 32, 0
for expansion, filters, count in [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]:
    for _ in range(count):
        prefix, inner = f"block_{block}_" if block else "expanded_conv_", depth * expansion
        if block:
            convolution(prefix + "expand", 1, depth, inner)
            normalization(prefix + "expand_BN", inner)
        depthwise(prefix + "depthwise", inner)
        normalization(prefix + "depthwise_BN", inner)
        convolution(prefix + "project", 1, inner, filters)
        normalization(prefix + "project_BN", filters)
        depth, block = filters, block + 1
convolution("Conv_1", 1, depth, 1280)
normalization("Conv_1_bn", 1280)

with h5py.File(path, "w") as f:
    f.attrs["layer_names"] = np.array([name.encode() for name, _ in layers])
    f.attrs["backend"], f.attrs["keras_version"] = b"tensorflow", b"2.1.6"
    for name, arrays in layers:
        group = f.create_group(name)
        group.attrs["weight_names"] = np.array([f"{name}/{array}:0".encode() for array, _ in arrays])
        for array, values in arrays:
            group.create_dataset(f"{name}/{array}:0", data=values.astype(np.float32))
