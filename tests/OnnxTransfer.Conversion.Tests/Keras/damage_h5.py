"""Copies an .h5 file of weights without some layers, or with fewer filters in them. Needs h5py.
Run: python3 damage_h5.py FROM.h5 TO.h5 LAYER[:FILTERS]..."""
import sys
import h5py
import numpy as np

source, target, *changes = sys.argv[1:]
changes = dict((name.split(":") + [""])[:2] for name in changes)
with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
    kept = [name for name in old.attrs["layer_names"] if changes.get(name.decode()) != ""]
    new.attrs["layer_names"] = np.array(kept)
    for name in kept:
        old.copy(name.decode(), new)
        if filters := changes.get(name.decode()):
            for weight in new[name.decode()].attrs["weight_names"]:
                values = new[name.decode()][weight.decode()][()][..., :int(filters)]
                del new[name.decode()][weight.decode()]
                new[name.decode()].create_dataset(weight.decode(), data=values)
