"""Ordinal items: which they are, their categories, and the statistics that models of them are fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trustsem.errors import DataError, ModelError
from trustsem.moments import Cases, SampleGroup, SampleMoments
from trustsem.moments.categorical import CategoricalInput, CategoricalMoments, categorical_moments
from trustsem.records import Finding, Severity
from trustsem.spec.table import ParameterTable
from trustsem.spec.variables import Variables
from trustsem.suggestions import count_of, shortened, suggest

MOST_CATEGORIES = 20  # more of them are no answer scale, and cells of their tables are empty
_ZERO_CELLS = (0.5, 0.0)  # lavaan's and Mplus': half an answer in empty cells of 2x2 tables
_FEW = 5  # answers in a category below which its threshold is hardly known


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalScales:
    """The categories of ordinal items: their scores, ascending."""

    scores: Mapping[str, np.ndarray]

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """Each item with its number of categories, as `SpecOptions.ordered` has it."""
        return tuple((name, len(scores)) for name, scores in self.scores.items())


def ordered_items(ordered: object, variables: Variables) -> tuple[str, ...]:
    """Return the ordinal items among the endogenous variables: all of them where `ordered` is True.

    Raises:
        ModelError: a name that the model does not have.
    """
    endogenous = tuple(name for name in variables.observed if name not in variables.exogenous)
    if ordered is True:
        return endogenous
    names = (ordered,) if isinstance(ordered, str) else tuple(str(name) for name in ordered or ())  # type: ignore[union-attr]
    unknown = [name for name in names if name not in variables.observed]
    if unknown:
        raise ModelError(
            "ordered names variables that the model does not have.",
            faults=[f"{name}: not in the model.{suggest(name, variables.observed)}" for name in unknown],
            remedy="Name observed outcomes or indicators of the model, or use ordered=True for all of them.",
            code="unknown-variable",
        )
    return tuple(name for name in endogenous if name in names)


def ordinal_scales(
    cases: Sequence[Cases], names: Sequence[str], items: Sequence[str], labels: Sequence[str]
) -> OrdinalScales:
    """Return the categories of each item, as they occur in the used rows.

    Raises:
        DataError: an item with one category or with too many, or a category that a group does not have.
    """
    scores: dict[str, np.ndarray] = {}
    faults: list[str] = []
    for item in items:
        column = list(names).index(item)
        found = [np.unique(group.values[:, column]) for group in cases]
        found = [values[~np.isnan(values)] for values in found]
        every = np.unique(np.concatenate(found))
        if not 2 <= len(every) <= MOST_CATEGORIES:
            faults.append(
                f"{item}: {count_of(len(every), 'different answer')}; an ordinal item has 2 to {MOST_CATEGORIES}"
            )
            continue
        for label, values in zip(labels or ("",), found, strict=True):
            if len(values) < len(every):
                lacking = shortened([f"{score:g}" for score in every if score not in values])
                faults.append(
                    f"{item}: nobody in group {label} is in category {lacking}; collapse it with its neighbour"
                )
        scores[item] = every
    if faults:
        raise DataError(
            "Some items cannot be analysed as ordinal.",
            faults=faults,
            remedy="Collapse categories before the fit, or leave these items out of ordered.",
            code="ordinal-categories",
        )
    return OrdinalScales(scores)


def ordinal_sample(
    cases: Sequence[Cases],
    table: ParameterTable,
    scales: OrdinalScales,
    labels: Sequence[str],
    *,
    pairwise: bool,
    zero_cells: tuple[float, float] | None,
    weights_only: bool = False,
) -> tuple[SampleMoments, tuple[Finding, ...]]:
    """Return the statistics of ordinal data of each group, with what a reader must know of them.

    Args:
        cases: Respondents of each group.
        table: Of the model.
        scales: Categories of the items.
        labels: Of the groups.
        pairwise: Each statistic from the rows that have its variables.
        zero_cells: Added to empty cells; None: lavaan's.
        weights_only: Only what diagonal weights need of the asymptotic covariance.
    """
    groups, findings = [], _sparse(cases, table.variables.observed, scales, labels)
    for group, label in zip(cases, labels or ("",), strict=True):
        sample, found = _group(group, table, scales, label, pairwise, zero_cells, weights_only)
        groups.append(sample)
        findings.extend(found)
    if pairwise:
        findings.append(_pairwise_finding())
    return SampleMoments(tuple(groups)), tuple(findings)


def _group(
    cases: Cases,
    table: ParameterTable,
    scales: OrdinalScales,
    label: str,
    pairwise: bool,
    zero_cells: tuple[float, float] | None,
    weights_only: bool,
) -> tuple[SampleGroup, tuple[Finding, ...]]:
    assert table.ordinal is not None
    names = table.variables.observed
    conditional = table.ordinal.conditional_x
    p = len(names) - (len(table.variables.exogenous) if conditional else 0)
    coded = _coded(cases.values[:, :p], names[:p], scales)
    x = cases.values[:, p:] if conditional else None
    given = CategoricalInput(
        coded,
        tuple(len(scales.scores[name]) if name in scales.scores else 0 for name in names[:p]),
        x,
        cases.weights,
        cases.clusters,
    )
    added = _ZERO_CELLS if zero_cells is None else zero_cells
    statistics = categorical_moments(
        given, names[:p], gamma=not weights_only, variances=weights_only, pairwise=pairwise, zero_cells=added
    )
    mean, cov = _full_moments(statistics, x, cases)
    found = tuple(finding.in_group(label) for finding in statistics.findings)
    sample = SampleGroup(tuple(names), cov, mean, len(cases.values), cases, label, categorical=statistics)
    if cases.clusters is not None:
        # weights of least squares are those of independent rows; clusters enter errors and tests (lavaan)
        rows = replace(given, clusters=None)
        independent = categorical_moments(rows, names[:p], pairwise=pairwise, zero_cells=added)
        sample = replace(sample, moment_gamma=independent.gamma)
    return sample, found


def _coded(values: np.ndarray, names: Sequence[str], scales: OrdinalScales) -> np.ndarray:
    """Return the answers with ordinal ones as 0, 1, ...; missing ones stay NaN."""
    coded = values.copy()
    for column, name in enumerate(names):
        if name in scales.scores:
            there = ~np.isnan(values[:, column])
            coded[there, column] = np.searchsorted(scales.scores[name], values[there, column])
    return coded


def _full_moments(statistics: CategoricalMoments, x: np.ndarray | None, cases: Cases) -> tuple[np.ndarray, np.ndarray]:
    """Return means and covariances of all variables: those of latent responses given x, put together with x."""
    if x is None:
        return statistics.mean.copy(), statistics.cov.copy()
    weight = cases.weight_of_row
    x_mean = weight @ x / weight.sum()
    centred = x - x_mean
    n = len(x)
    x_cov = (
        (centred * weight[:, None]).T @ centred / weight.sum() * (n / (n - 1))
    )  # divisor n - 1, as least squares has it
    by_x = statistics.slopes @ x_cov
    cov = np.block([[statistics.cov + by_x @ statistics.slopes.T, by_x], [by_x.T, x_cov]])
    return np.concatenate([statistics.mean + statistics.slopes @ x_mean, x_mean]), cov


def _sparse(
    cases: Sequence[Cases], names: Sequence[str], scales: OrdinalScales, labels: Sequence[str]
) -> list[Finding]:
    """Warn of categories with so few answers that their thresholds are hardly known."""
    rare = []
    for group, label in zip(cases, labels or ("",), strict=True):
        for column, name in enumerate(names):
            for score in scales.scores.get(name, ()):
                count = int(np.count_nonzero(group.values[:, column] == score))
                if count < _FEW:
                    rare.append(f"{name} = {score:g}{f' in group {label}' if label else ''}")
    if not rare:
        return []
    return [
        Finding(
            "sparse-category",
            Severity.WARNING,
            f"Categories with fewer than {_FEW} answers: {shortened(rare, 8)}. Their thresholds and the correlations "
            "of these items are hardly known.",
            remedy="Collapse each with its neighbour.",
        )
    ]


def _pairwise_finding() -> Finding:
    return Finding(
        "pairwise-ordinal",
        Severity.INFO,
        "Each correlation rests on the respondents who answered both items: that is right where answers are missing "
        "completely at random.",
        remedy="Little's test in `trustsem describe --missing` looks at that assumption.",
    )
