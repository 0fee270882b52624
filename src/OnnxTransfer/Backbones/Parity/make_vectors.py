#!/usr/bin/env python3
"""make_vectors.py MODEL.onnx...: writes the feature vectors that VerifyParity compares with.

Nothing of this library and no ONNX Runtime takes part: the file is read by the few lines below, the pictures are decoded and
resized by Pillow, and PyTorch computes the network layer by layer in float64. Needs Debian's python3-pil (9.4) and
python3-torch (1.13), and the .model.json beside the model. Writes ID.PICTURE.f32, little-endian float32, D numbers."""
import json, os, struct, sys
import numpy, torch
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(HERE, '..', '..', 'Preprocessing', 'Parity')
WIRE_VARINT, WIRE_64, WIRE_BYTES = 0, 1, 2


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128: return (value - (1 << 64) if value >> 63 else value), at


def message(data):
    """A protobuf message as {field number: [values]}."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == WIRE_VARINT: value, at = varint(data, at)
        else:
            if key & 7 == WIRE_BYTES: length, at = varint(data, at)
            else: length = 8 if key & 7 == WIRE_64 else 4
            value, at = data[at:at + length], at + length
        found.setdefault(key >> 3, []).append(value)
    return found


def text(fields, number): return fields[number][0].decode() if number in fields else ''


def tensor(fields):
    assert fields[2] == [1], 'weights are float32'
    data = fields[9][0] if 9 in fields else b''.join(fields[4])
    return torch.from_numpy(numpy.frombuffer(data, '<f4').astype(numpy.float64)).reshape(fields.get(1, []))


def value_of(attribute):
    """An attribute: one number, one word, or a list of whole numbers, packed or one by one."""
    if 2 in attribute: return struct.unpack('<f', attribute[2][0])[0]
    if 3 in attribute: return attribute[3][0]
    if 4 in attribute: return attribute[4][0].decode()
    values = []
    for part in attribute.get(8, []):
        if isinstance(part, int): values.append(part); continue
        at = 0
        while at < len(part):
            value, at = varint(part, at)
            values.append(value)
    return values


def convolve(inputs, a):
    x, weights, strides = inputs[0], inputs[1], a.get('strides', [1, 1])
    assert a.get('dilations', [1, 1]) == [1, 1] and a.get('auto_pad', 'NOTSET') in ('NOTSET', 'SAME_UPPER')
    if a.get('auto_pad') == 'SAME_UPPER':
        missing = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(x.shape[2:], strides, weights.shape[2:])]
        (top, left), (bottom, right) = [m // 2 for m in missing], [m - m // 2 for m in missing]
    else:
        top, left, bottom, right = a.get('pads', [0, 0, 0, 0])
    x = torch.nn.functional.pad(x, (left, right, top, bottom))
    return torch.nn.functional.conv2d(x, weights, inputs[2] if len(inputs) > 2 else None, stride=strides, groups=a.get('group', 1))


def window(inputs, a, fill):
    """The input with its pads, which may differ from side to side."""
    assert a.get('auto_pad', 'NOTSET') == 'NOTSET' and a.get('ceil_mode', 0) == 0
    top, left, bottom, right = a.get('pads', [0, 0, 0, 0])
    return torch.nn.functional.pad(inputs[0], (left, right, top, bottom), value=fill)


def pool_average(inputs, a):
    assert not any(a.get('pads', [0])), 'the mean over a pad is not needed here'
    return torch.nn.functional.avg_pool2d(inputs[0], a['kernel_shape'], a.get('strides', [1, 1]))


def normalise(inputs, a):
    x, scale, shift, mean, variance = inputs[0], *(v.reshape(1, -1, 1, 1) for v in inputs[1:])
    return (x - mean) / (variance + a.get('epsilon', 1e-5)).sqrt() * scale + shift


OPERATORS = {
    'Conv': convolve,
    'BatchNormalization': normalise,
    'Relu': lambda i, a: i[0].clamp(min=0),
    'MaxPool': lambda i, a: torch.nn.functional.max_pool2d(window(i, a, float('-inf')), a['kernel_shape'], a.get('strides', [1, 1])),
    'AveragePool': pool_average,
    'Split': lambda i, a: i[0].split(a['split'], a['axis']),
    'Concat': lambda i, a: torch.cat(i, a['axis']),
    'Sub': lambda i, a: i[0] - i[1],
    'Clip': lambda i, a: i[0].clamp(i[1].item() if len(i) > 1 else a['min'], i[2].item() if len(i) > 2 else a['max']),
    'Add': lambda i, a: i[0] + i[1],
    'GlobalAveragePool': lambda i, a: i[0].mean((2, 3), keepdim=True),
    'Flatten': lambda i, a: i[0].flatten(a.get('axis', 1)),
    'Transpose': lambda i, a: i[0].permute(*a['perm']),
}


def run(model, inputs, wanted):
    graph = message(message(open(model, 'rb').read())[7][0])
    values = {text(t, 8): tensor(t) for t in map(message, graph.get(5, []))} | inputs
    for node in map(message, graph[1]):
        if wanted in values: break
        attributes = {text(a, 1): value_of(a) for a in map(message, node.get(5, []))}
        results = OPERATORS[text(node, 4)]([values[name.decode()] for name in node[1] if name], attributes)
        for name, result in zip(node[2], results if isinstance(results, (list, tuple)) else [results]): values[name.decode()] = result
    return values[wanted].flatten()


def prepare(picture, card):
    spec, (width, height) = card['preprocess'], (card['input']['width'], card['input']['height'])
    resize, crop, image = spec['resize'], spec['crop'], Image.open(picture).convert('RGB')
    assert spec['channels'] == 'RGB'
    how = {'pillow-bilinear': Image.BILINEAR, 'pillow-bicubic': Image.BICUBIC}[resize['filter']]
    if resize['mode'] == 'stretch':
        assert crop is None
        image = image.resize((width, height), how)
    else:
        # As torchvision does it: the longer side is truncated, the crop's corner rounded half to even.
        short, (w, h) = resize['size'], image.size
        w, h = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
        left, top = round((w - crop['size']) / 2), round((h - crop['size']) / 2)
        image = image.resize((w, h), how).crop((left, top, left + crop['size'], top + crop['size']))
    pixels = numpy.asarray(image, numpy.float64)
    values = torch.from_numpy((pixels * spec['rescale'] - spec['mean']) / spec['std'])[None]
    return values.permute(0, 3, 1, 2) if card['input']['layout'] == 'NCHW' else values


def main():
    for model in sys.argv[1:]:
        card = json.load(open(os.path.splitext(model)[0] + '.model.json'))
        for name in 'picture.png', 'picture.jpg':
            inputs = {card['input']['tensor']: prepare(os.path.join(PICTURES, name), card)}
            vector = run(model, inputs, card['features']['tensor'])
            assert len(vector) == card['features']['dim']
            open(os.path.join(HERE, f'{card["id"]}.{name}.f32'), 'wb').write(vector.numpy().astype('<f4').tobytes())


if __name__ == '__main__':
    main()
