"""What residuals of any fit have in common: derivatives of all moments, and where their sampling errors come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, MomentDerivatives, moment_derivatives
from trustsem.implied.layout import Cells
from trustsem.inference.robust.pieces import open_directions

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_SINGULAR = 1e-10  # smallest eigenvalue, in correlation metric, of an information matrix that has an inverse


@dataclass(frozen=True, eq=False, slots=True)
class MomentErrors:
    """Sampling standard errors of one group's moments or residuals: (p, p) and (p,); NaN where unknown."""

    cov: FloatArray
    mean: FloatArray

    @classmethod
    def unknown(cls, n_variables: int) -> MomentErrors:
        """Return NaN throughout."""
        return cls(np.full((n_variables, n_variables), np.nan), np.full(n_variables, np.nan))


class MomentSource(Enum):
    """Where the covariance of the sample moments comes from.

    NORMAL: normal theory, complete rows. CASES: the rows themselves, whatever their distribution, with weights and
    clusters. INFORMATION: the information of the saturated model of incomplete rows. GIVEN: computed beforehand
    (two-stage estimation). UNKNOWN: moments of different rows (pairwise), and others than those of continuous answers.
    """

    NORMAL = "normal"
    CASES = "cases"
    INFORMATION = "information"
    GIVEN = "given"
    UNKNOWN = "unknown"


def moment_source(estimate: Estimate, *, robust: bool, pairwise: bool = False) -> MomentSource:
    """Return where the covariance of a fit's sample moments comes from.

    Args:
        estimate: A fitted model.
        robust: Whether the fit's standard errors are sandwiches.
        pairwise: Whether each pair of variables has rows of its own.
    """
    if pairwise:
        return MomentSource.UNKNOWN
    discrepancy, groups = estimate.objective.discrepancy, estimate.objective.moments.groups
    if discrepancy.name == "FIML":
        return MomentSource.INFORMATION
    given = [sample.moment_gamma for sample in groups if sample.moment_gamma is not None]
    if given:
        plain = all(len(gamma) == _n_moments(len(groups[0].names)) for gamma in given)
        return MomentSource.GIVEN if plain and len(given) == len(groups) else MomentSource.UNKNOWN
    if discrepancy.name not in _OF_COVARIANCES:
        return MomentSource.UNKNOWN
    cases = [sample.cases for sample in groups if sample.cases is not None]
    designed = any(own.weights is not None or own.clusters is not None for own in cases)
    if cases and (robust or designed or discrepancy.name == "WLS"):
        return MomentSource.CASES
    return MomentSource.NORMAL


_OF_COVARIANCES = ("ML", "GLS", "ULS", "WLS")  # whose moments are covariances and means of continuous answers


def _n_moments(p: int) -> int:
    return p * (p + 1) // 2 + p


@dataclass(frozen=True, eq=False, slots=True)
class ResidualDesign:
    """A fit linearised: how residuals of the moments follow from the moments.

    Moments of fixed exogenous variables are parameters of their own here: the model takes them from the sample, so
    that implied moments move with them.

    Args:
        shares: n_g / n.
        derivatives: Derivatives of each group's moments with respect to N parameters.
        weights: V of each group at the estimate.
        directions: (N, d) K that constraints leave open.
    """

    shares: tuple[float, ...]
    derivatives: tuple[MomentDerivatives, ...]
    weights: tuple[NormalWeight | MomentWeight, ...]
    directions: FloatArray

    @classmethod
    def of(cls, estimate: Estimate) -> ResidualDesign:
        """Linearise a fit at its estimate."""
        objective = estimate.objective
        layouts, n_all = _with_free_exogenous(
            objective.layout.groups, objective.layout.n_free, objective.layout.meanstructure
        )
        point = objective.expand(estimate.x)
        derivatives = tuple(
            moment_derivatives(layout, group.implied, n_all)
            for layout, group in zip(layouts, point.groups, strict=True)
        )
        own = open_directions(estimate)
        extra = n_all - objective.layout.n_free
        directions = np.zeros((n_all, own.shape[1] + extra))
        directions[: len(own), : own.shape[1]] = own
        directions[len(own) :, own.shape[1] :] = np.eye(extra)
        weights = tuple(group.expansion.weight for group in point.groups)
        return cls(tuple(group.weight for group in point.groups), derivatives, weights, directions)

    def spread(self) -> FloatArray:
        """Return (N, N) H = K (K' E K)^-1 K', E the sum over groups of D' V D.

        Raises:
            numpy.linalg.LinAlgError: singular.
        """
        terms = zip(self.shares, self.weights, self.derivatives, strict=True)
        total = np.sum([share * weight.inner(own) for share, weight, own in terms], axis=0)
        return spread_of(total, self.directions)


def spread_of(information: FloatArray, directions: FloatArray) -> FloatArray:
    """Return K (K' E K)^-1 K'.

    Raises:
        numpy.linalg.LinAlgError: singular.
    """
    return directions @ inverse_information(directions.T @ information @ directions) @ directions.T


def inverse_information(information: FloatArray) -> FloatArray:
    """Return the inverse, taken in correlation metric, where 1e-10 is singular in any units.

    Raises:
        numpy.linalg.LinAlgError: singular.
    """
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    correlation = information / np.outer(scale, scale)
    if len(scale) and np.linalg.eigvalsh(correlation)[0] <= _SINGULAR:
        raise np.linalg.LinAlgError("information matrix is singular")
    return np.linalg.inv(correlation) / np.outer(scale, scale)


def _with_free_exogenous(
    groups: tuple[GroupLayout, ...], n_free: int, meanstructure: bool
) -> tuple[tuple[GroupLayout, ...], int]:
    """Return the layouts with a parameter for each moment of the fixed exogenous variables, and how many there are."""
    result = []
    for group in groups:
        x = group.exogenous
        if not len(x):
            result.append(group)
            continue
        column, row = np.triu_indices(len(x))
        covariances = _with_cells(group.covariance_cells, x[row], x[column], n_free)
        n_free += len(row)
        means = group.intercept_cells
        if meanstructure:
            means = _with_cells(means, x, np.zeros_like(x), n_free)
            n_free += len(x)
        result.append(replace(group, covariance_cells=covariances, intercept_cells=means))
    return tuple(result), n_free


def _with_cells(cells: Cells, row: IntArray, column: IntArray, first: int) -> Cells:
    parameter = np.arange(first, first + len(row))
    return Cells(
        np.concatenate([cells.row, row]),
        np.concatenate([cells.column, column]),
        np.concatenate([cells.parameter, parameter]),
    )
