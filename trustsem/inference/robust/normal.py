"""Covariance of sample moments of normal data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]


def normal_gamma(sample: SampleGroup, *, meanstructure: bool) -> FloatArray:
    """Return n times the covariance matrix of (vech(S)[, xbar]): s_ik s_jl + s_il s_jk and S (Anderson 2003)."""
    cov = sample.cov
    column, row = np.triu_indices(len(cov))
    gamma = cov[row][:, row] * cov[column][:, column] + cov[row][:, column] * cov[column][:, row]
    if not meanstructure:
        return gamma
    size, p = len(gamma), len(cov)
    full = np.zeros((size + p, size + p))
    full[:size, :size] = gamma
    full[size:, size:] = cov
    return full
