"""Memory stays small however many rows come: two million in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import trustsem as ts

_LIMIT_MIB = 1024
_GROWTH_MIB = 64  # the rows alone would be 458 MiB; half of it is 229
_SAMPLING = 6.0  # standard errors: probability 1e-6 for the largest of 465 gaps
AGREEMENT = 1e-8

_JOB = """
import json, resource, sys
import numpy as np
import trustsem as ts

def frames(n):
    rng = np.random.default_rng(20)
    for start in range(0, n, 50_000):
        factors = rng.standard_normal((50_000, 3))
        yield 3 + 0.7 * np.repeat(factors, 10, axis=1) + np.sqrt(0.51) * rng.standard_normal((50_000, 30))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)

names = [f"x{k}" for k in range(30)]
few = ts.read_moments(frames(100_000), names)
before = peak()
moments = ts.read_moments(frames(2_000_000), names)
print(json.dumps({"before": before, "peak": peak(), "n_obs": moments.n_obs,
                  "cov": moments.groups[0].cov.tolist(), "mean": moments.groups[0].mean.tolist()}))
"""


@pytest.mark.slow
def test_two_million_rows_need_no_memory() -> None:
    run = subprocess.run([sys.executable, "-c", _JOB], capture_output=True, text=True, check=True)
    told = json.loads(run.stdout)
    assert told["n_obs"] == 2_000_000
    assert told["peak"] < _LIMIT_MIB
    assert told["peak"] - told["before"] < _GROWTH_MIB
    sigma = 0.49 * np.kron(np.eye(3), np.ones((10, 10))) + 0.51 * np.eye(30)
    error = np.sqrt((sigma**2 + np.outer(np.diag(sigma), np.diag(sigma))) / 2e6)
    assert np.abs((np.array(told["cov"]) - sigma) / error).max() < _SAMPLING
    assert np.abs(np.array(told["mean"]) - 3).max() < _SAMPLING / np.sqrt(2e6)


@pytest.mark.slow
def test_thirty_items_are_fitted_as_in_memory() -> None:
    rng = np.random.default_rng(21)
    factors = rng.standard_normal((40_000, 3))
    values = 3 + 0.7 * np.repeat(factors, 10, axis=1) + np.sqrt(0.51) * rng.standard_normal((40_000, 30))
    names = [f"x{k}" for k in range(30)]
    model = "\n".join(f"f{k} =~ {' + '.join(names[10 * k : 10 * k + 10])}" for k in range(3))
    moments = ts.read_moments((values[start : start + 999] for start in range(0, 40_000, 999)), names)
    expected = np.cov(values, rowvar=False, bias=True)
    np.testing.assert_allclose(moments.groups[0].cov, expected, rtol=0, atol=1e-12)
    inside, outside = ts.fit(model, pd.DataFrame(values, columns=names)), ts.fit(model, moments)
    np.testing.assert_allclose(outside.estimates["est"], inside.estimates["est"], rtol=0, atol=AGREEMENT)
    np.testing.assert_allclose(outside.estimates["se"], inside.estimates["se"], rtol=0, atol=AGREEMENT)
    assert outside.fit_measures["chisq"] == pytest.approx(inside.fit_measures["chisq"], rel=AGREEMENT)
