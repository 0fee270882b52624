#!/usr/bin/env python3
"""heads.py torch|sklearn FOLDER CLASSES BATCH [HIDDEN...]: one peer's side of `heads`, on x.npy, y.npy and order.npy of FOLDER.

The first weights of hidden layers are w0.npy, w1.npy, ...; the output layer starts from zero.
Prints one JSON object: seconds (torch: the median epoch after the first; sklearn: the fit), total (the whole training) and loss (torch: mean
over the last epoch, each batch before its step; sklearn: the mean objective)."""
import json
import sys
import time

import numpy as np

peer, folder, classes, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
hidden = [int(units) for units in sys.argv[5:]]
x, y, order = (np.load(f"{folder}/{name}.npy") for name in ("x", "y", "order"))


def with_torch():
    import torch

    began = time.perf_counter()
    features, labels = torch.from_numpy(x), torch.from_numpy(y).long()
    sizes = [x.shape[1], *hidden]
    layers = [layer for i, o in zip(sizes, sizes[1:]) for layer in (torch.nn.Linear(i, o), torch.nn.ReLU())]
    last = torch.nn.Linear(sizes[-1], classes)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    for l, linear in enumerate(layers[::2]):
        linear.weight.data.copy_(torch.from_numpy(np.load(f"{folder}/w{l}.npy").T))
        torch.nn.init.zeros_(linear.bias)
    net = torch.nn.Sequential(*layers, last)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    seconds = []
    for epoch in torch.from_numpy(order).long():
        start, total = time.perf_counter(), 0.0
        for rows in epoch.split(batch):
            loss = torch.nn.functional.cross_entropy(net(features[rows]), labels[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:])), time.perf_counter() - began, total / len(x)


def with_sklearn():
    from sklearn.linear_model import LogisticRegression

    start = time.perf_counter()
    model = LogisticRegression(C=1.0, max_iter=1000).fit(x, y)
    seconds = time.perf_counter() - start
    z = x.astype(np.float64) @ model.coef_.T.astype(np.float64) + model.intercept_
    z -= z.max(1, keepdims=True)
    entropy = (np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).mean()
    return seconds, seconds, entropy + 0.5 * (model.coef_.astype(np.float64) ** 2).sum() / len(y)


seconds, total, loss = with_torch() if peer == "torch" else with_sklearn()
print(json.dumps({"seconds": seconds, "total": total, "loss": float(loss)}))
