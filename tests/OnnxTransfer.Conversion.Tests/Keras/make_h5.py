"""Writes the model.json of a folder as Keras writes it: model.h5 (Keras 2), packed.h5 (the same, in chunks with gzip and shuffle, names
in pieces), weights.h5 (no architecture) and model.keras (Keras 3). Needs h5py. Run: python3 make_h5.py FOLDER"""
import io, json, os, re, sys, zipfile
import h5py
import numpy as np

folder = sys.argv[1]
model = json.load(open(os.path.join(folder, "model.json")))
topology = model["modelTopology"].get("model_config", model["modelTopology"])

arrays = {}
for group in model["weightsManifest"]:
    data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
    at = 0
    for entry in group["weights"]:
        count = int(np.prod(entry["shape"], dtype=np.int64))
        quantization = entry.get("quantization")
        kind = np.dtype(quantization["dtype"] if quantization else entry["dtype"])
        stored = np.frombuffer(data, kind, count, at)
        at += count * kind.itemsize
        values = stored.astype(np.float64) * quantization["scale"] + quantization["min"] if quantization and kind.kind == "u" else stored
        arrays[entry["name"]] = values.astype(np.float32).reshape(entry["shape"])

ORDER = ["kernel", "depthwise_kernel", "pointwise_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"]
layers = topology["config"]["layers"] if isinstance(topology["config"], dict) else topology["config"]
name_of = lambda layer: layer.get("name") or layer["config"]["name"]


def weights_of(layer):
    """A model inside the model keeps the weights of all its layers: first those that training changes."""
    inner = layer["config"].get("layers") if isinstance(layer["config"], dict) else layer["config"]
    if inner is None:
        return [f"{name_of(layer)}/{w}" for w in ORDER if f"{name_of(layer)}/{w}" in arrays]
    names = [name for one in inner for name in weights_of(one)]
    return sorted(names, key=lambda name: "/moving_" in name)


def write_weights(root, pieces, **options):
    names = np.array([name_of(layer).encode() for layer in layers])
    if pieces:
        for i, piece in enumerate(np.array_split(names, 3)):
            root.attrs[f"layer_names{i}"] = piece
    else:
        root.attrs["layer_names"] = names
    for layer in layers:
        group = root.create_group(name_of(layer))
        weights = weights_of(layer)
        group.attrs["weight_names"] = np.array([(w + ":0").encode() for w in weights]) if weights else np.array([], dtype="S1")
        for weight in weights:
            group.create_dataset(weight + ":0", data=arrays[weight], **(options if arrays[weight].size > 1 else {}))


for file, packed in [("model.h5", False), ("packed.h5", True), ("weights.h5", False)]:
    with h5py.File(os.path.join(folder, file), "w", userblock_size=1024 if packed else 0) as f:
        root = f
        if file != "weights.h5":
            f.attrs["keras_version"], f.attrs["backend"] = "2.15.0", "tensorflow"
            text = json.dumps(topology)
            f.attrs["model_config"] = np.bytes_(text) if packed and len(text) < 60000 else text
            root = f.create_group("model_weights")
        write_weights(root, packed, **({"chunks": True, "compression": "gzip", "shuffle": True, "fletcher32": True} if packed else {}))


def tensor(reference):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": reference[:3]}}


def layer3(layer):
    config = {k: v for k, v in layer["config"].items() if k != "batch_input_shape"}
    if layer["class_name"] == "InputLayer":
        config["batch_shape"] = layer["config"]["batch_input_shape"]
    nodes = layer.get("inbound_nodes", [])
    calls = [{"args": [tensor(n[0]) if len(n) == 1 else [tensor(r) for r in n]], "kwargs": {}} for n in nodes]
    return {"module": "keras.layers", "class_name": layer["class_name"], "config": config, "registered_name": None, "name": name_of(layer), "inbound_nodes": calls}


def snake(name):
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


config = {"module": "keras", "class_name": topology["class_name"].replace("Model", "Functional"), "registered_name": None,
          "config": {**topology["config"], "layers": [layer3(layer) for layer in layers]}}
bytes_ = io.BytesIO()
with h5py.File(bytes_, "w") as f:
    root, counts = f.create_group("layers"), {}
    for layer in layers:
        kind = snake(layer["class_name"])
        number = counts[kind] = counts.get(kind, -1) + 1
        variables = root.create_group(kind if number == 0 else f"{kind}_{number}").create_group("vars")
        for i, weight in enumerate(weights_of(layer)):
            variables.create_dataset(str(i), data=arrays[weight])
with zipfile.ZipFile(os.path.join(folder, "model.keras"), "w") as z:
    z.writestr("metadata.json", json.dumps({"keras_version": "3.3.3", "date_saved": ""}))
    z.writestr("config.json", json.dumps(config))
    z.writestr("model.weights.h5", bytes_.getvalue())
