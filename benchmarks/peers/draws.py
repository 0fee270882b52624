#!/usr/bin/env python3
"""draws.py FOLDER: scikit-learn's LogisticRegressionCV on each draw of a problem.

Reads x.npy [N,D], y.npy [N] and train.npy [draws,n] of FOLDER, trains on the rows of each draw and writes the probabilities
of the other rows, in ascending order, to p.f32: [draws,N-n,C]. The vectors are taken as they are, without standardization, as
the linear probes of CLIP and DINOv2 take them. Cs=10 (1e-4 to 1e4) and the scoring (accuracy) are the defaults; cv=5 is the
default too; max_iter is raised so that it converges.

To save time, the vectors are first turned into an orthonormal basis of the training rows, [n,min(n,D)]. The L2 penalty, the
starting point zero and the steps of L-BFGS do not depend on the basis, so the answers are those of the plain vectors."""
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegressionCV

warnings.filterwarnings("ignore")
folder = sys.argv[1]
x, y, draws = (np.load(f"{folder}/{name}.npy") for name in ("x", "y", "train"))
answers = []
for train in draws:
    test = np.setdiff1d(np.arange(len(y)), train)
    basis = np.linalg.qr(x[train].T.astype(np.float64))[0]
    model = LogisticRegressionCV(Cs=10, cv=5, max_iter=2000).fit(x[train] @ basis, y[train])
    answers.append(model.predict_proba(x[test] @ basis).astype(np.float32))
np.stack(answers).tofile(f"{folder}/p.f32")
