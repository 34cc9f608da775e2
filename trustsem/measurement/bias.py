"""What unequal loadings and intercepts do to answers: dMACS of items, points on the mean score of a scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.measurement.expected_scores import OrdinalItem, ordinal_item, root_mean_square_gap
from trustsem.measurement.group_means import Interval, with_intervals
from trustsem.measurement.model import class_of, equal_keys, key_of
from trustsem.pipeline import FittedModel
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_SAME = 1e-9  # relative: residual variances that a level holds equal differ by rounding


@dataclass(frozen=True, slots=True)
class ItemBias:
    """How far answers to an item differ between groups at the same level of the factors.

    Args:
        item: Item.
        group: Focal group.
        reference: Label of the first group.
        dmacs: Root mean square difference over the focal group, in pooled standard deviations (never negative).
        dmacs_signed: Mean difference, in the same unit: differences in both directions cancel. Of ordinal items both
            are those of expected scores.
        points: Mean difference in points of the item: positive where the focal group answers higher than members of
            the first group with the same level would.
    """

    item: str
    group: str
    reference: str
    dmacs: float
    dmacs_signed: float
    points: Interval


@dataclass(frozen=True, slots=True)
class ScaleBias:
    """What a difference of mean scores is made of, in points of the mean of a factor's items.

    Args:
        factor: Factor whose items are averaged.
        group: Focal group.
        reference: Label of the first group.
        n_items: Items in the mean.
        unequal: Items with unequal loadings or intercepts.
        observed: Difference of the mean scores that the model implies, focal minus reference.
        bias: The part that unequal loadings and intercepts add.
        construct: The rest: what a scale with equal items would show.
    """

    factor: str
    group: str
    reference: str
    n_items: int
    unequal: tuple[str, ...]
    observed: Interval
    bias: Interval
    construct: Interval


@dataclass(frozen=True, eq=False, slots=True)
class _Items:
    """Expected answers of a fit: lines of continuous items, sums of category probabilities of ordinal ones.

    Args:
        fitted: The fit.
        scores: Scores of the categories by position of the item; continuous items are not in it.
    """

    fitted: FittedModel
    scores: Mapping[int, FloatArray]

    def gap(self, groups: Sequence[Implied], number: int, item: int) -> float:
        """Return E g over the focal group: what its own parameters add to an item."""
        focal, reference = groups[number], groups[0]
        if item not in self.scores:
            return expected_gap(focal, reference, item)[0]
        own, other = self._item(focal, number, item), self._item(reference, 0, item)
        return own.expected(focal) - other.expected(focal)

    def root(self, groups: Sequence[Implied], number: int, item: int) -> float:
        """Return sqrt(E g^2) over the focal group."""
        focal, reference = groups[number], groups[0]
        if item not in self.scores:
            return expected_gap(focal, reference, item)[1]
        return root_mean_square_gap(self._item(focal, number, item), self._item(reference, 0, item), focal)

    def mean(self, groups: Sequence[Implied], number: int, item: int) -> float:
        """Return the mean answer that the model implies for a group."""
        implied = groups[number]
        if item not in self.scores:
            return float(implied.total_mean[item])
        return self._item(implied, number, item).expected(implied)

    def _item(self, implied: Implied, number: int, item: int) -> OrdinalItem:
        ordinal = self.fitted.estimate.objective.layout.groups[number].ordinal
        assert ordinal is not None
        return ordinal_item(ordinal, implied, item, self.scores[item])


def _items_of(fitted: FittedModel) -> _Items:
    ordinal = fitted.table.ordinal
    sample = fitted.moments.groups[0]
    if ordinal is None:
        return _Items(fitted, {})
    assert sample.cases is not None
    scores = {}
    for name in ordinal.levels:
        column = sample.names.index(name)
        answers = sample.cases.values[:, column]
        scores[column] = np.unique(answers[~np.isnan(answers)])
    return _Items(fitted, scores)


def unequal_items(table: ParameterTable) -> tuple[str, ...]:
    """Return observed indicators whose loadings or intercept differ between groups."""
    equal = equal_keys(table)
    items = []
    for item in table.variables.indicators:
        own = [
            row
            for row in table
            if row.group == 1
            and (
                (row.op == "=~" and row.rhs == item)
                or (row.lhs == item and class_of(row, table.variables) == "intercepts")
            )
        ]
        if any(key_of(row) not in equal for row in own):
            items.append(item)
    return tuple(items)


def differing_items(fitted: FittedModel) -> tuple[str, ...]:
    """Return the items whose expected answers differ between groups at the same level of the factors.

    Of ordinal items thresholds and residual variances count as well: probabilities of categories depend on them.
    """
    table = fitted.table
    found = set(unequal_items(table))
    if table.ordinal is not None:
        equal = equal_keys(table)
        found |= {row.lhs for row in table if row.op == "|" and key_of(row) not in equal}
        first, *others = fitted.estimate.objective.implied(fitted.estimate.x)
        names = fitted.estimate.objective.layout.groups[0].names
        for name in table.ordinal.levels:
            k = names.index(name)
            one = first.covariances[k, k]
            if any(abs(group.covariances[k, k] - one) > _SAME * abs(one) for group in others):
                found.add(name)
    return tuple(item for item in table.variables.indicators if item in found)


def expected_gap(focal: Implied, reference: Implied, item: int) -> tuple[float, float]:
    """Return mean and root mean square, over the focal group, of what its own parameters add to an item.

    An item is y = m + a'v + e with v the variables that point at it. With d = focal minus reference parameters, the
    expected answers at v differ by g(v) = dm + da'v. Over the focal group's v with mean mu and covariance V:
    E g = dm + da'mu and E g^2 = (E g)^2 + da'V da, whatever the distribution of v is. For one factor these are the
    integrals of Nye & Drasgow (2011) in closed form; E g over the standard deviation is the signed index of
    Nye, Bradburn, Olenick, Bialko & Drasgow (2019).
    """
    slopes = focal.paths[item] - reference.paths[item]
    mean = focal.intercepts[item] - reference.intercepts[item] + slopes @ focal.total_mean
    return float(mean), math.sqrt(max(float(mean**2 + slopes @ focal.total_cov @ slopes), 0.0))


def item_bias(fitted: FittedModel) -> tuple[ItemBias, ...]:
    """Return dMACS and points of every item with unequal parameters, for each group against the first.

    The standard deviation is that of the item's answers, pooled: sqrt of the variances (divisor n - 1) weighted by
    n - 1 (Nye & Drasgow 2011).
    """
    table = fitted.table
    items, answers = differing_items(fitted), _items_of(fitted)
    names = fitted.estimate.objective.layout.groups[0].names
    positions = [names.index(item) for item in items]
    implied = fitted.estimate.objective.implied(fitted.estimate.x)
    others = range(1, table.n_groups)

    def quantity(groups: Sequence[Implied]) -> FloatArray:
        return np.array([answers.gap(groups, k, item) for k in others for item in positions])

    intervals = iter(with_intervals(fitted, quantity) if items else ())
    result = []
    for number in others:
        for item, position in zip(items, positions, strict=True):
            mean, root = answers.gap(implied, number, position), answers.root(implied, number, position)
            spread = _pooled_sd(fitted, number, item)
            label, reference = table.group_labels[number], table.group_labels[0]
            result.append(ItemBias(item, label, reference, root / spread, mean / spread, next(intervals)))
    return tuple(result)


def _pooled_sd(fitted: FittedModel, number: int, item: str) -> float:
    total, weight = 0.0, 0
    for sample in (fitted.moments.groups[0], fitted.moments.groups[number]):
        k = sample.names.index(item)
        if sample.categorical is not None and sample.cases is not None:
            total += (sample.n_obs - 1) * _variance(sample.cases.values[:, k], sample.cases.weights)
            weight += sample.n_obs - 1
            continue
        unbiased = sample.cov[k, k] * (1 if sample.is_unbiased else sample.n_obs / (sample.n_obs - 1))
        total += (sample.n_obs - 1) * unbiased
        weight += sample.n_obs - 1
    return math.sqrt(total / weight)


def _variance(answers: FloatArray, weights: FloatArray | None) -> float:
    """Return the variance of the answers that there are, with divisor n - 1."""
    there = ~np.isnan(answers)
    values = answers[there]
    own = np.ones(len(values)) if weights is None else weights[there]
    centred = values - own @ values / own.sum()
    return float(own @ centred**2 / own.sum() * len(values) / (len(values) - 1))


def scale_bias(fitted: FittedModel) -> tuple[ScaleBias, ...]:
    """Decompose the difference of each factor's mean score into bias and construct, for each group against the first.

    mean(focal) - mean(reference) = E g + rest, item by item (`expected_gap`), averaged over the factor's items
    (Millsap & Olivera-Aguilar 2012, for the mean instead of the sum). Factors without observed items are left out.
    """
    table = fitted.table
    names = fitted.estimate.objective.layout.groups[0].names
    observed = set(table.variables.indicators)
    items = {
        factor: tuple(row.rhs for row in table if row.group == 1 and row.op == "=~" and row.lhs == factor)
        for factor in table.variables.latent
    }
    scales = {factor: tuple(i for i in own if i in observed) for factor, own in items.items()}
    positions = {factor: [names.index(item) for item in own] for factor, own in scales.items() if own}
    others, answers = range(1, table.n_groups), _items_of(fitted)

    def quantity(groups: Sequence[Implied]) -> FloatArray:
        values = []
        for k in others:
            for columns in positions.values():
                means = [[answers.mean(groups, number, item) for item in columns] for number in (k, 0)]
                gap = float(np.mean(means[0]) - np.mean(means[1]))
                bias = float(np.mean([answers.gap(groups, k, item) for item in columns]))
                values.extend((gap, bias, gap - bias))
        return np.array(values)

    intervals = iter(with_intervals(fitted, quantity) if positions else ())
    unequal = set(differing_items(fitted))
    return tuple(
        ScaleBias(
            factor,
            table.group_labels[k],
            table.group_labels[0],
            len(positions[factor]),
            tuple(item for item in scales[factor] if item in unequal),
            next(intervals),
            next(intervals),
            next(intervals),
        )
        for k in others
        for factor in positions
    )
