"""What a reader must know of the rows behind a fit: groups, missing answers, clusters, weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trustsem.tables.ordinal import item_scores

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, slots=True)
class GroupAccount:
    """One group: its number from 1, its label and its respondents."""

    group: int
    label: str
    n_obs: int


@dataclass(frozen=True, slots=True)
class MissingAccount:
    """Missing answers of the used rows.

    Args:
        treatment: Value of the option `missing`.
        n_patterns: Different sets of answered items, over all groups.
        share_missing: Share of the answers that are missing.
        lowest_coverage: Smallest share of rows that answered both items of a pair.
        lowest_pair: That pair.
    """

    treatment: str
    n_patterns: int
    share_missing: float
    lowest_coverage: float
    lowest_pair: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ClusterAccount:
    """Clusters: the column, their number, the sizes of the smallest and the largest."""

    column: str
    n_clusters: int
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class WeightAccount:
    """Sampling weights as they are used.

    Args:
        column: Where they come from.
        normalization: How they were scaled.
        smallest: After scaling.
        largest: After scaling.
        effective_n: (sum w)^2 / sum w^2: as many equally weighted respondents say as much of a mean (Kish 1965).
    """

    column: str
    normalization: str
    smallest: float
    largest: float
    effective_n: float


@dataclass(frozen=True, slots=True)
class OrdinalItem:
    """An ordinal item and the answers that its categories stand for, ascending."""

    name: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OrdinalAccount:
    """Ordinal items and what their model is fitted to.

    Args:
        items: The items with their categories.
        parameterization: "delta" or "theta".
        correlations: "polychoric", "tetrachoric" (two categories each), or both with "polyserial".
        given: Predictors that thresholds and correlations are given.
    """

    items: tuple[OrdinalItem, ...]
    parameterization: str
    correlations: str
    given: tuple[str, ...]


def ordinal_account(fit: Fit) -> OrdinalAccount | None:
    """Return the account of ordinal items; None where all answers are continuous."""
    table = fit.fitted.table
    if table.ordinal is None:
        return None
    scores = item_scores(fit.fitted, fit.cases("categories"))
    items = tuple(OrdinalItem(name, tuple(values.tolist())) for name, values in scores.items())
    given = table.variables.exogenous if table.ordinal.conditional_x else ()
    kinds = ["tetrachoric" if all(len(item.scores) == 2 for item in items) else "polychoric"]
    if set(table.variables.observed) - set(scores) - set(given):
        kinds.append("polyserial")
    parameterization = "theta" if table.ordinal.is_theta else "delta"
    return OrdinalAccount(items, parameterization, " and ".join(kinds), given)


def group_accounts(fit: Fit) -> tuple[GroupAccount, ...]:
    """Return the groups; none where there is one only."""
    pairs = zip(fit.group_labels, fit.fitted.moments.groups, strict=False)
    return tuple(GroupAccount(number, label, sample.n_obs) for number, (label, sample) in enumerate(pairs, start=1))


def missing_account(fit: Fit) -> MissingAccount | None:
    """Return the account of missing answers; None where only complete rows are used."""
    values, treatment = fit.data.values, fit.options.data.missing.value
    if values is None or treatment == "listwise":
        return None
    there = ~np.isnan(values)
    mask = there.astype(np.float64)
    coverage = mask.T @ mask / len(mask)
    row, column = np.tril_indices(len(coverage), -1) if len(coverage) > 1 else (np.array([0]), np.array([0]))
    lowest = int(np.argmin(coverage[row, column]))
    names = fit.fitted.table.variables.observed
    return MissingAccount(
        treatment,
        len(np.unique(np.packbits(there, axis=1), axis=0)),
        float(1 - mask.mean()),
        float(coverage[row[lowest], column[lowest]]),
        (names[column[lowest]], names[row[lowest]]),
    )


def cluster_account(fit: Fit) -> ClusterAccount | None:
    """Return the account of clusters; None where rows are independent."""
    column = fit.options.data.cluster
    found = [sample.cases.clusters for sample in fit.fitted.moments.groups if sample.cases is not None]
    clusters = [labels for labels in found if labels is not None]
    if column is None or not clusters:
        return None
    _, sizes = np.unique(np.concatenate(clusters), return_counts=True)
    return ClusterAccount(column, len(sizes), int(sizes.min()), int(sizes.max()))


def weight_account(fit: Fit) -> WeightAccount | None:
    """Return the account of sampling weights; None where all rows count alike."""
    data = fit.options.data
    found = [sample.cases.weights for sample in fit.fitted.moments.groups if sample.cases is not None]
    parts = [weights for weights in found if weights is not None]
    if data.weights is None or not parts:
        return None
    weights = np.concatenate(parts)
    effective = float(weights.sum() ** 2 / (weights @ weights))
    return WeightAccount(data.weights, data.normalization.value, float(weights.min()), float(weights.max()), effective)


def data_account(fit: Fit) -> dict[str, Any]:
    """Return the account of the rows as JSON-ready values; null for what a fit does not have."""

    def record(item: MissingAccount | ClusterAccount | WeightAccount | OrdinalAccount | None) -> dict[str, Any] | None:
        return None if item is None else asdict(item)

    return {
        "groups": [asdict(item) for item in group_accounts(fit)],
        "missing": record(missing_account(fit)),
        "clusters": record(cluster_account(fit)),
        "weights": record(weight_account(fit)),
        "auxiliary": list(fit.options.data.auxiliary),
        "ordinal": record(ordinal_account(fit)),
    }
