"""Score tests of equality constraints that hold for any distribution of the answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.constrained import ActiveConstraints
from trustsem.implied import Reduction
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.information import ObservedInformation, allowed_directions
from trustsem.inference.robust import H1Information, robust_pieces
from trustsem.inference.score import ConstraintTest

FloatArray = NDArray[np.float64]

_SINGULAR = 1e12


def robust_constraint_tests(
    estimate: Estimate,
    matrix: FloatArray,
    texts: Sequence[str],
    held: FloatArray,
    *,
    h1: H1Information,
    observed: bool,
    observed_by: ObservedInformation = ObservedInformation.HESSIAN,
) -> tuple[ConstraintTest, ...]:
    """Test each equality constraint, then all of them together, without assuming normal answers.

    T = n g' I^-1 R' (R I^-1 B I^-1 R')^-1 R I^-1 g, with g, I and B (gradient, information and meat of F/2) at the
    constrained estimate in the directions that the other constraints leave open, and R the released ones (Satorra
    1989; Boos 1992). With B = I it is the ordinary test. NaN where the model is not identified without the
    constraint.

    Args:
        estimate: A fitted model.
        matrix: (n_constraints, n_free) constraints on the free rows.
        texts: Their texts.
        held: (k, n_free) what stays in force throughout.
        h1: Where the saturated model's information is evaluated.
        observed: Whether the information is the observed one.
        observed_by: What that is.
    """
    freed = without_constraints(estimate)
    pieces = robust_pieces(freed, h1, observed_by=observed_by)
    gradient = freed.objective.gradient(freed.x)
    information, meat = pieces.bread(observed=observed), pieces.score_meat()
    n = freed.objective.moments.n_effective
    tests = []
    for k in (*range(len(texts)), None):
        released = matrix if k is None else matrix[[k]]
        kept = held if k is None else np.vstack([np.delete(matrix, k, axis=0), held])
        basis = np.eye(len(gradient)) if len(kept) == 0 else allowed_directions(kept)
        statistic = n * _statistic(
            basis.T @ gradient, basis.T @ information @ basis, basis.T @ meat @ basis, released @ basis
        )
        df = len(released)
        text = None if k is None else texts[k]
        tests.append(ConstraintTest(text, statistic, df, chi_square_pvalue(statistic, df)))
    return tuple(tests)


def without_constraints(estimate: Estimate) -> Estimate:
    """Return the same point of the same model with every free row a parameter of its own."""
    layout = estimate.objective.layout
    n_free = layout.n_free
    reduction = Reduction(np.eye(n_free), np.zeros(n_free), np.arange(n_free), is_identity=True)
    objective = replace(estimate.objective, layout=replace(layout, reduction=reduction))
    active = ActiveConstraints(np.zeros((0, n_free)), ())
    return replace(estimate, x=estimate.theta, objective=objective, active=active)


def _statistic(gradient: FloatArray, information: FloatArray, meat: FloatArray, released: FloatArray) -> float:
    scale = np.sqrt(np.abs(np.diag(information)))
    if not scale.all() or np.linalg.cond(information / np.outer(scale, scale)) > _SINGULAR:
        return math.nan
    solved = np.linalg.solve(information, released.T)
    gap = solved.T @ gradient
    try:
        return float(gap @ np.linalg.solve(solved.T @ meat @ solved, gap))
    except np.linalg.LinAlgError:
        return math.nan
