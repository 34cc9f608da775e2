"""Second stage: the correlation of every pair, given the margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.kinds import KindOfPairs, sort_pairs
from trustsem.moments.categorical.margins import Margins
from trustsem.moments.categorical.maximum import Derivatives, maximise_correlations
from trustsem.moments.categorical.pair_scores import PairKind, PairScores

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

_NO_INFORMATION = 1e-12  # per respondent; such a correlation has no maximum, and a finding says so


@dataclass(frozen=True, eq=False)
class SecondStage:
    """Correlations of all P pairs, in the order of the layout.

    Args:
        rho: (P,) correlations (of residuals, with covariates).
        at_limit: (P,) the likelihood has no maximum within the limit.
        flat: (P,) it stopped rising, for lack of digits, before it came to a maximum.
        converged: (P,) a maximum or one of these two ends was reached.
        filled: (P,) something was added to empty cells of the pair's table.
    """

    rho: FloatArray
    at_limit: BoolArray
    flat: BoolArray
    converged: BoolArray
    filled: BoolArray


def correlate_pairs(
    data: CategoricalInput,
    margins: Margins,
    *,
    zero_cells: tuple[float, float],
    keep_margins: bool,
    influence: FloatArray | None,
) -> SecondStage:
    """Estimate the correlation of every pair by maximum likelihood, the moments of the first stage given.

    Args:
        data: Checked input.
        margins: First stage.
        zero_cells: Added to empty cells of 2 x 2 and of larger tables.
        keep_margins: See `fill_empty_cells`.
        influence: (P, n) where to write the weighted influence of each respondent on each correlation; None: not asked
            for.
    """
    n_pairs = len(data.layout.row)
    rho = start_correlations(data, margins)
    at_limit, flat, converged, filled = (np.zeros(n_pairs, dtype=np.bool_) for _ in range(4))
    for kind in sort_pairs(data, margins, zero_cells=zero_cells, keep_margins=keep_margins):
        filled[kind.filled] = True
        for batch in _batches(kind, np.abs(rho)):
            pairs = kind.pairs[batch]
            found = maximise_correlations(_derivatives_of(kind.kind, batch), rho[pairs], data.n_obs)
            rho[pairs], converged[pairs] = found.rho, found.converged
            at_limit[pairs], flat[pairs] = found.at_limit, found.flat
            if influence is not None:
                influence[pairs] = _influence(data, margins, kind, batch, kind.kind.scores(found.rho, batch))
    return SecondStage(rho, at_limit, flat, converged, filled)


def start_correlations(data: CategoricalInput, margins: Margins) -> FloatArray:
    """Return start values (P,): covariances of expected residuals over the product of their variances.

    E[m(Y) m(Z)] = rho Var m(Y) Var m(Z) + O(rho^2) with m the expected residual: the first term of Hermite's series.
    """
    weighted = margins.residual * data.row_weights
    variance = (weighted * margins.residual).sum(axis=1) / np.diag(data.pair_masses)
    products = (weighted @ margins.residual.T) / data.pair_masses / np.outer(variance, variance)
    return products[data.layout.row, data.layout.column]


def _batches(kind: KindOfPairs, strength: FloatArray) -> list[IntArray]:
    """Split the pairs of a kind; those of similar strength go together, as strong ones need a finer quadrature."""
    order = np.argsort(strength[kind.pairs], kind="stable")
    return [order[first : first + kind.batch_size] for first in range(0, len(order), kind.batch_size)]


def _derivatives_of(kind: PairKind, batch: IntArray) -> Derivatives:
    return lambda rho, index: kind.derivatives(rho, batch[index])


def _influence(
    data: CategoricalInput, margins: Margins, kind: KindOfPairs, batch: IntArray, found: PairScores
) -> FloatArray:
    """Return n (w s - A21 IF1 / n) / A22 (P, n) (Muthen & Satorra 1995).

    s are the scores of the pair, A22 the sum of w s^2, A21 the sum of w s u', u the pair's scores for the moments of
    its two variables, IF1 their influences.
    """
    layout, pairs = data.layout, kind.pairs[batch]
    row, column = kind.kind.row[batch], kind.kind.column[batch]
    cross = np.zeros((len(pairs), layout.n_univariate + 1))  # the last column takes the places that are not in use
    each = np.arange(len(pairs))[:, None]
    cross[each, layout.places[row]] = found.of_row
    cross[each, layout.places[column]] = found.of_column
    total = cross[:, :-1] @ margins.influence
    total -= data.n_obs * data.row_weights * found.scores
    total /= -np.maximum(found.information, _NO_INFORMATION * data.n_obs)[:, None]
    return total
