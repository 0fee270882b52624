"""Writes small networks of today's kinds, with random weights, as ONNX, and what PyTorch computes from one batch of images.

    python3 make_models.py DIR

Each network is exported with operator sets 14 and 17; with fixed axes (s), a dynamic batch (b) and all four axes dynamic (f); and with
class scores, hidden states and a pooled vector as outputs. DIR/images.f32 holds two images [2,3,S,S] of each size S, and beside every NAME.onnx a
NAME.json says which vector PyTorch has as feature, and where the tokens' vectors are.
"""
import json, os, sys, warnings
import numpy as np
import torch
from torch import nn

warnings.filterwarnings("ignore")
OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)
SIDE = 64


class Attention(nn.Module):
    def __init__(self, dim, heads, fused):
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv = nn.Linear(dim, 3 * dim) if fused else nn.ModuleList([nn.Linear(dim, dim) for _ in range(3)])
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        b, t, d = x.shape
        if self.fused:
            q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        else:
            q, k, v = (layer(x).view(b, t, self.heads, d // self.heads).transpose(1, 2) for layer in self.qkv)
        a = (q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5).softmax(-1)
        return self.out((a @ v).transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, dim, heads, fused, scale=False):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, heads, fused)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.scale = nn.Parameter(torch.full((dim,), 0.5)) if scale else None

    def forward(self, x):
        a = self.attention(self.n1(x))
        x = x + (a if self.scale is None else a * self.scale)
        m = self.mlp(self.n2(x))
        return x + (m if self.scale is None else m * self.scale)


class ViT(nn.Module):
    """prefix: class token, distillation token, registers. head: what makes scores."""

    def __init__(self, dim=48, depth=5, prefix=1, fused=True, scale=False, patch=16, interpolate=False):
        super().__init__()
        self.interpolate = interpolate
        self.patches = nn.Conv2d(3, dim, patch, patch)
        self.prefix = nn.ParameterList([nn.Parameter(torch.randn(1, 1, dim)) for _ in range(prefix)])
        self.position = nn.Parameter(torch.randn(1, (SIDE // patch) ** 2 + prefix, dim))
        self.blocks = nn.ModuleList([Block(dim, 4, fused, scale) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)

    def positions(self, h, w):
        """The position embeddings, resized to the image as DINOv2 does."""
        if not self.interpolate:
            return self.position
        n, d = len(self.prefix), self.position.shape[2]
        side = int((self.position.shape[1] - n) ** 0.5)
        grid = self.position[:, n:].reshape(1, side, side, d).permute(0, 3, 1, 2)
        grid = nn.functional.interpolate(grid, size=(h // 16, w // 16), mode="bicubic", align_corners=False)
        return torch.cat([self.position[:, :n], grid.permute(0, 2, 3, 1).reshape(1, -1, d)], 1)

    def states(self, x):
        position = self.positions(x.shape[2], x.shape[3])
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([p.expand(x.shape[0], -1, -1) for p in self.prefix] + [x], 1) + position
        each = []
        for block in self.blocks:
            x = block(x)
            each.append(x)
        return each

    def forward(self, x):
        return self.norm(self.states(x)[-1])


class ViTLogits(nn.Module):
    def __init__(self, classes=37, **options):
        super().__init__()
        self.body = ViT(**options)
        self.head = nn.Linear(48, classes)

    def feature(self, x):
        return self.body(x)[:, 0]

    def forward(self, x):
        return self.head(self.feature(x))


class DeiTLogits(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = ViT(prefix=2)
        self.head, self.distilled = nn.Linear(48, 37), nn.Linear(48, 37)

    def feature(self, x):
        return self.body(x)[:, 0]

    def forward(self, x):
        y = self.body(x)
        return (self.head(y[:, 0]) + self.distilled(y[:, 1])) / 2


class ViTPooler(nn.Module):
    def __init__(self, outputs=2):
        super().__init__()
        self.body, self.dense, self.outputs = ViT(fused=False), nn.Linear(48, 48), outputs

    def feature(self, x):
        return self.body(x)[:, 0]

    def forward(self, x):
        y = self.body(x)
        return y, torch.tanh(self.dense(y[:, 0]))


class Hidden(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.body = ViT(**options)

    def feature(self, x):
        y = self.body(x)
        return y[:, 0] if len(self.body.prefix) else y.mean(1)

    def forward(self, x):
        return self.body(x)


class Clip(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.body, self.pre = kind, ViT(), nn.LayerNorm(48)
        self.project = nn.Linear(48, 64, bias=False)

    def both(self, x):
        y = self.body.states(x)[-1]
        return y, self.body.norm(y[:, 0])

    def feature(self, x):
        y, pooled = self.both(x)
        return self.project(pooled) if self.kind == "embeds" else pooled

    def forward(self, x):
        y, pooled = self.both(x)
        return (self.project(pooled), y) if self.kind == "embeds" else (y, pooled)


class Siglip(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = ViT(prefix=0, fused=False)
        self.probe = nn.Parameter(torch.randn(1, 1, 48))
        self.q, self.kv, self.norm = nn.Linear(48, 48), nn.Linear(48, 96), nn.LayerNorm(48)

    def both(self, x):
        y = self.body(x)
        k, v = self.kv(y).chunk(2, -1)
        q = self.q(self.probe.repeat(x.shape[0], 1, 1))
        return y, self.norm((q @ k.transpose(1, 2) / 48 ** 0.5).softmax(-1) @ v)[:, 0]

    def feature(self, x):
        return self.both(x)[1]

    def forward(self, x):
        return self.both(x)


class SwinBlock(nn.Module):
    def __init__(self, dim, side, window, shift):
        super().__init__()
        self.side, self.window, self.shift = side, window, shift
        self.block = Block(dim, 4, True)
        ids = torch.arange(side * side).view(1, side, side) * 0
        if shift:
            mask = torch.zeros(1, side, side, 1)
            n = 0
            for h in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
                for w in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
                    mask[:, h, w, :] = n
                    n += 1
            m = self.windows(mask).view(-1, window * window)
            m = m.unsqueeze(1) - m.unsqueeze(2)
            self.register_buffer("mask", m.masked_fill(m != 0, -100.0).masked_fill(m == 0, 0.0))
        self.bias = nn.Parameter(torch.randn(4, window * window, window * window))

    def windows(self, x):
        b, h, w, c = x.shape
        s = self.window
        return x.view(b, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, s, s, c)

    def forward(self, x):
        b, t, c = x.shape
        s, n = self.window, self.side
        y = self.block.n1(x).view(b, n, n, c)
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = self.windows(y).view(-1, s * s, c)
        a = self.block.attention
        q, k, v = a.qkv(y).reshape(y.shape[0], s * s, 3, 4, c // 4).permute(2, 0, 3, 1, 4)
        z = q @ k.transpose(-2, -1) / (c // 4) ** 0.5 + self.bias.unsqueeze(0)
        if self.shift:
            w = self.mask.shape[0]
            z = (z.view(y.shape[0] // w, w, 4, s * s, s * s) + self.mask.unsqueeze(1).unsqueeze(0)).view(-1, 4, s * s, s * s)
        y = a.out((z.softmax(-1) @ v).transpose(1, 2).reshape(y.shape[0], s * s, c)).view(-1, s, s, c)
        count = y.shape[0] // ((n // s) * (n // s))
        y = y.view(count, n // s, n // s, s, s, -1).permute(0, 1, 3, 2, 4, 5).contiguous().view(count, n, n, -1)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y.view(b, t, c)
        return x + self.block.mlp(self.block.n2(x))


class Swin(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.patches = nn.Conv2d(3, 24, 4, 4)
        self.first = nn.ModuleList([SwinBlock(24, 16, 4, 0), SwinBlock(24, 16, 4, 2)])
        self.merge, self.merged = nn.Linear(96, 48, bias=False), nn.LayerNorm(96)
        self.second = nn.ModuleList([SwinBlock(48, 8, 4, 0), SwinBlock(48, 8, 4, 2)])
        self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, 37)

    def tokens(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        for block in self.first:
            x = block(x)
        b, _, c = x.shape
        x = x.view(b, 16, 16, c)
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1).view(b, -1, 4 * c)
        x = self.merge(self.merged(x))
        for block in self.second:
            x = block(x)
        return self.norm(x)

    def feature(self, x):
        return self.tokens(x).mean(1)

    def forward(self, x):
        y = self.tokens(x)
        if self.kind == "logits":
            return self.head(nn.functional.adaptive_avg_pool1d(y.transpose(1, 2), 1).flatten(1))
        return (y, y.mean(1)) if self.kind == "pooler" else y


class ConvNeXt(nn.Module):
    class Norm(nn.LayerNorm):
        def forward(self, x):
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    class Block(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(dim, dim, 7, padding=3, groups=dim), nn.LayerNorm(dim)
            self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
            self.scale = nn.Parameter(torch.full((dim,), 0.3))

        def forward(self, x):
            return x + (self.scale * self.mlp(self.norm(self.conv(x).permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.body = nn.Sequential(nn.Conv2d(3, 24, 4, 4), self.Norm(24), self.Block(24), self.Norm(24), nn.Conv2d(24, 48, 2, 2), self.Block(48))
        self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, 37)

    def feature(self, x):
        y = self.body(x)
        return y.mean((-2, -1)) if self.kind == "hidden" else self.norm(y.mean((-2, -1)))

    def forward(self, x):
        y = self.body(x)
        pooled = self.norm(y.mean([-2, -1]))
        return self.head(pooled) if self.kind == "logits" else (y, pooled) if self.kind == "pooler" else y


NETWORKS = {
    "vit-logits": (lambda: ViTLogits(), ["logits"]),
    "vit-imagenet": (lambda: ViTLogits(classes=1000, fused=False), ["output0"]),
    "vit-hidden": (lambda: Hidden(), ["last_hidden_state"]),
    "vit-pooler": (lambda: ViTPooler(), ["last_hidden_state", "pooler_output"]),
    "vit-registers": (lambda: Hidden(prefix=5, scale=True), ["last_hidden_state"]),
    "dino-interpolated": (lambda: Hidden(scale=True, interpolate=True), ["last_hidden_state"]),
    "deit-logits": (lambda: DeiTLogits(), ["logits"]),
    "deit-hidden": (lambda: Hidden(prefix=2), ["last_hidden_state"]),
    "clip-pooler": (lambda: Clip("pooler"), ["last_hidden_state", "pooler_output"]),
    "clip-embeds": (lambda: Clip("embeds"), ["image_embeds", "last_hidden_state"]),
    "siglip-pooler": (lambda: Siglip(), ["last_hidden_state", "pooler_output"]),
    "siglip-hidden": (lambda: Hidden(prefix=0), ["last_hidden_state"]),
    "swin-logits": (lambda: Swin("logits"), ["logits"]),
    "swin-hidden": (lambda: Swin("hidden"), ["last_hidden_state"]),
    "swin-pooler": (lambda: Swin("pooler"), ["last_hidden_state", "pooler_output"]),
    "convnext-logits": (lambda: ConvNeXt("logits"), ["logits"]),
    "convnext-hidden": (lambda: ConvNeXt("hidden"), ["last_hidden_state"]),
    "convnext-pooler": (lambda: ConvNeXt("pooler"), ["last_hidden_state", "pooler_output"]),
}

torch.manual_seed(7)
images = torch.randn(2, 3, SIDE, SIDE)
images.numpy().tofile(os.path.join(OUT, "images.f32"))
AXES = {"s": None, "b": {0: "batch_size"}, "f": {0: "batch_size", 1: "num_channels", 2: "height", 3: "width"}}
for name, (make, outputs) in NETWORKS.items():
    torch.manual_seed(sum(map(ord, name)))
    net = make().eval()
    with torch.no_grad():
        golden = {"feature": net.feature(images)}
        body = getattr(net, "body", None)
        tokens = net.tokens(images) if isinstance(net, Swin) else net(images)[0] if outputs == ["last_hidden_state", "pooler_output"] and not isinstance(net, ConvNeXt) \
            else body(images) if isinstance(body, ViT) and not isinstance(net, Clip) else net(images)[1] if name == "clip-embeds" else None
        if tokens is not None:
            prefix = 0 if isinstance(net, Swin) else len(body.prefix)
            golden["mean"] = tokens[:, prefix:].mean(1)
            if prefix:
                golden["cls"] = tokens[:, 0]
                golden["cls+mean"] = torch.cat([tokens[:, 0], golden["mean"]], 1)
                if not isinstance(net, Clip):
                    last = [body.norm(s)[:, 0] for s in body.states(images)[-4:]]
                    golden["cls4+mean"] = torch.cat(last + [golden["mean"]], 1)
        for opset in (14, 17):
            for axes, dynamic in AXES.items():
                path = os.path.join(OUT, f"{name}.o{opset}{axes}.onnx")
                sizes = {} if dynamic is None else {"pixel_values": dynamic, **{o: {0: "batch_size"} for o in outputs}}
                torch.onnx.export(net, images[:1] if axes == "s" else images, path, opset_version=opset, input_names=["pixel_values"], output_names=outputs, dynamic_axes=sizes)
                with open(path[:-5] + ".json", "w") as file:
                    json.dump({key: value.flatten().tolist() for key, value in golden.items()}, file)
