"""Write data/moderation.csv: two correlated factors, their product, an outcome, an observed moderator, gaps, two wards.

usage: python make_moderation_data.py     (in this folder)
"""

import numpy as np
import pandas as pd

SEED = 62040
N = 500

rng = np.random.default_rng(SEED)
ward = np.where(rng.random(N) < 0.55, "in", "out")
f = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], N) + 0.3 * (ward == "out")[:, None]
w = 1 + 0.3 * f[:, 0] + rng.gamma(2.0, 0.5, N)
y = 0.4 * f[:, 0] + 0.3 * f[:, 1] + 0.25 * f[:, 0] * f[:, 1] + 0.2 * f[:, 0] * (w - 2) + rng.normal(0, 0.7, N)
columns = {}
for k, loading in enumerate((1.0, 0.8, 0.7), start=1):
    columns[f"x{k}"] = 3 + loading * f[:, 0] + rng.normal(0, 0.6, N)
    columns[f"z{k}"] = 2 + loading * f[:, 1] + rng.normal(0, 0.6, N)
    columns[f"y{k}"] = 1 + loading * y + rng.normal(0, 0.6, N)
columns["z4"] = 2 + 0.6 * f[:, 1] + rng.normal(0, 0.6, N)
data = pd.DataFrame({**columns, "w": w}).round(4)
for name in data.columns:
    data.loc[rng.random(N) < 0.015, name] = np.nan
data.assign(ward=ward).to_csv("data/moderation.csv", index=False)
