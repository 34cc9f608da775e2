"""Modification indices of models of ordinal items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective, weighted
from trustsem.implied import GroupLayout, Implied, ordinal_moments
from trustsem.implied.layout import Cells
from trustsem.inference.candidates import Candidate

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK = 512  # candidates at a time: bounds the memory of their Jacobian


def ordinal_scores(
    estimate: Estimate, candidates: Sequence[Candidate], number: int, directions: FloatArray, root: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return gradient of F/2, information, and information of their own, of candidates of one group, (k,) each.

    The Jacobian of the statistics with respect to a candidate comes from the same model with its cell opened.

    Args:
        estimate: A fitted model of ordinal items.
        candidates: Parameters of this group.
        number: The group, from 0.
        directions: (n_free, d) that constraints leave open.
        root: (d, d) with I^-1 = root' root; None without parameters.
    """
    objective = estimate.objective
    assert isinstance(objective, CategoricalObjective)
    implied = objective.implied(estimate.x)
    point = objective.expand_at(implied)
    layout, sample, share = objective.layout.groups[number], objective.moments.groups[number], objective.weights[number]
    pull = weighted(sample, point.residuals[number])
    model = weighted(sample, point.jacobians[number] @ directions)
    gradient, information, own = (np.zeros(len(candidates)) for _ in range(3))
    for start in range(0, len(candidates), _CHUNK):
        part = slice(start, start + _CHUNK)
        opened = opened_jacobian(layout, implied[number], candidates[part])
        gradient[part] = -share * (opened.T @ pull)
        information[part] = share * np.einsum("ik,ik->k", opened, weighted(sample, opened))
        own[part] = information[part]
        if root is not None:
            shared = share * (opened.T @ model) @ root.T
            own[part] -= np.einsum("ck,ck->c", shared, shared)
    return gradient, information, own


def opened_jacobian(layout: GroupLayout, implied: Implied, candidates: Sequence[Candidate]) -> FloatArray:
    """Return the derivatives (M, k) of the statistics with respect to parameters that the model holds fixed."""
    n_free = len(implied.theta)
    values = np.array([_value(implied, candidate) for candidate in candidates])
    extended = replace(
        layout,
        path_cells=_with_cells(layout.path_cells, candidates, "A", n_free),
        covariance_cells=_with_cells(layout.covariance_cells, candidates, "S", n_free),
        intercept_cells=_with_cells(layout.intercept_cells, candidates, "m", n_free),
    )
    theta = np.concatenate([implied.theta, values])
    result = ordinal_moments(extended, replace(implied, theta=theta), theta, derivatives=True)
    assert result.jacobian is not None
    return result.jacobian[:, n_free:]


def _value(implied: Implied, candidate: Candidate) -> float:
    if candidate.matrix == "A":
        return float(implied.paths[candidate.row, candidate.column])
    if candidate.matrix == "S":
        return float(implied.covariances[candidate.row, candidate.column])
    return float(implied.intercepts[candidate.row])


def _with_cells(cells: Cells, candidates: Sequence[Candidate], matrix: str, n_free: int) -> Cells:
    added = [(c.row, c.column, n_free + k) for k, c in enumerate(candidates) if c.matrix == matrix]
    if not added:
        return cells
    extra = np.array(added, dtype=np.intp)
    return Cells(
        np.concatenate([cells.row, extra[:, 0]]),
        np.concatenate([cells.column, extra[:, 1]]),
        np.concatenate([cells.parameter, extra[:, 2]]),
    )
