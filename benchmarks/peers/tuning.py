#!/usr/bin/env python3
"""tuning.py FOLDER VALUES: scikit-learn's side of `tuning`, on x.npy and y.npy of FOLDER: LogisticRegressionCV with VALUES Cs
from 1e-4 to 1e4, 5 folds and the log loss; everything else as it comes, at most 100 iterations included.

Prints one JSON object: seconds, the chosen C and its mean log loss."""
import json
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegressionCV

warnings.filterwarnings("ignore")
folder, values = sys.argv[1], int(sys.argv[2])
x, y = np.load(f"{folder}/x.npy"), np.load(f"{folder}/y.npy")
start = time.perf_counter()
model = LogisticRegressionCV(Cs=values, cv=5, scoring="neg_log_loss").fit(x, y)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "c": float(model.C_[0]), "loss": float(-max(next(iter(model.scores_.values())).mean(0)))}))
