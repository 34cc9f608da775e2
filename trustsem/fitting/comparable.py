"""What stands against comparing two fits: other data, other estimators, models that are not nested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trustsem.inference.nested import ordinal_order
from trustsem.moments import SampleGroup
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import deciding_test, nesting_of
from trustsem.suggestions import shortened

_SAME_MOMENTS = 1e-8  # relative: the same rows in another order differ by rounding, other rows by 1/n
_SAME_STATISTICS = 1e-5  # thresholds and correlations end where their likelihood is flat, to about 1e-6


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why two fits cannot be compared in some way.

    Args:
        code: Stable kebab-case identifier.
        reason: What differs, with numbers; a clause without its full stop.
        remedy: What to do.
    """

    code: str
    reason: str
    remedy: str | None


def convergence_obstacle(*fits: FittedModel) -> Obstacle | None:
    """Return that a fit did not converge: nothing of it can be compared."""
    if all(fitted.estimate.converged for fitted in fits):
        return None
    return Obstacle("comparison-not-converged", "a fit did not converge", "See its own findings; nothing of it counts.")


def data_obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
    """Return how the data of two fits differ; None where both have the same respondents and variables."""
    left, right = one.moments.groups, other.moments.groups
    if [group.label for group in left] != [group.label for group in right]:
        return Obstacle(
            "comparison-groups",
            f"the fits have other groups ({_labels(left)}; {_labels(right)})",
            "Fit both models with the same group= and group_label=.",
        )
    names, others = set(left[0].names), set(right[0].names)
    if names != others:
        only = shortened(sorted(names ^ others))
        return Obstacle(
            "comparison-variables",
            f"the models have other observed variables (only one of them has {only})",
            "Chi-square, AIC and BIC compare models of the same variables only.",
        )
    ordinal = _ordinal_obstacle(one, other)
    if ordinal is not None:
        return ordinal
    sizes = [group.n_obs for group in left], [group.n_obs for group in right]
    if sizes[0] != sizes[1]:
        return Obstacle(
            "comparison-rows",
            f"the fits used other respondents ({_sizes(sizes[0])}; {_sizes(sizes[1])})",
            'Fit both models to the same rows: drop rows with a missing answer first, or use missing="fiml".',
        )
    if not all(_same_sample(a, b) for a, b in zip(left, right, strict=True)):
        return Obstacle(
            "comparison-rows",
            "the fits used as many respondents but other answers, weights or treatment of missing answers",
            "Fit both models to the same data with the same missing=, sampling_weights= and cluster=.",
        )
    return None


def _ordinal_obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
    """Return that items are ordinal in one fit only, or that only one of the fits is conditional on predictors."""
    items = [{} if fitted.table.ordinal is None else dict(fitted.table.ordinal.levels) for fitted in (one, other)]
    if items[0] != items[1]:
        unlike = [name for name in {**items[0], **items[1]} if items[0].get(name) != items[1].get(name)]
        return Obstacle(
            "comparison-ordinal",
            f"the fits take other items as ordinal, or other categories of them ({shortened(sorted(unlike))})",
            "Fit both models with the same ordered=.",
        )
    given = [
        frozenset(fitted.table.variables.exogenous)
        for fitted in (one, other)
        if fitted.table.ordinal is not None and fitted.table.ordinal.conditional_x
    ]
    if items[0] and (len(given) == 1 or len(set(given)) > 1):
        return Obstacle(
            "comparison-ordinal",
            "the correlations of ordinal items are given other predictors in one fit than in the other",
            "Fit both with the same conditional_x=, and with the same predictors: a path of 0 keeps one in the model.",
        )
    return None


def _same_sample(one: SampleGroup, other: SampleGroup) -> bool:
    """Return whether two groups hold the same respondents, by their rows or, in another order, by their moments."""
    if one.categorical is not None and other.categorical is not None:
        gap = other.categorical.vector - one.categorical.vector[ordinal_order(one, other)]
        return all(_same(a, b) for a, b in zip(_design(one), _design(other), strict=True)) and bool(
            np.abs(gap).max(initial=0.0) <= _SAME_STATISTICS
        )
    other = other.ordered(one.names)
    if not all(_same(a, b) for a, b in zip(_design(one), _design(other), strict=True)):
        return False
    scale = np.sqrt(np.diag(one.cov))
    gap = one.cov * (one.n_effective / one.n_obs) - other.cov * (other.n_effective / other.n_obs)  # divisor n
    same_cov = np.abs(gap) <= _SAME_MOMENTS * np.outer(scale, scale)
    if one.mean is None or other.mean is None:
        return bool(same_cov.all())
    same_mean = np.abs(one.mean - other.mean) <= _SAME_MOMENTS * (scale + np.abs(one.mean))
    return bool(same_cov.all() and same_mean.all())


def _design(sample: SampleGroup) -> tuple[np.ndarray | None, np.ndarray | None]:
    return (None, None) if sample.cases is None else (sample.cases.weights, sample.cases.clusters)


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def shape_obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
    """Return that one model has parameters for moments that the other takes from the sample."""
    if one.table.meanstructure != other.table.meanstructure:
        return Obstacle(
            "comparison-means",
            "only one of the models has means",
            "Fit both with meanstructure=True.",
        )
    if _exogenous(one) != _exogenous(other):
        return Obstacle(
            "comparison-exogenous",
            "observed predictors are taken from the sample in one model and modelled in the other "
            f"({shortened(sorted(_exogenous(one) ^ _exogenous(other)))})",
            "Fit both with fixed_x=False, or name their variances in neither.",
        )
    return None


def _exogenous(fitted: FittedModel) -> frozenset[str]:
    return frozenset(row.lhs for row in fitted.table if row.exogenous)


def criteria_obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
    """Return why AIC and BIC of two fits are not on one scale; None where they are.

    They need the likelihood of the same answers: ML and MLR share it, least squares has none.
    """
    if not (one.options.discrepancy.is_likelihood and other.options.discrepancy.is_likelihood):
        return Obstacle("comparison-no-likelihood", "an estimator without a likelihood has no AIC or BIC", None)
    if _function(one) != _function(other):
        return Obstacle(
            "comparison-likelihood",
            "the fits maximise other likelihoods",
            "Fit both with the same missing= and likelihood=.",
        )
    return shape_obstacle(one, other)


def difference_obstacle(restricted: FittedModel, general: FittedModel) -> Obstacle | None:
    """Return why the chi-squares of two fits to the same data cannot be subtracted; None where they can."""
    return (
        _estimator_obstacle(restricted, general)
        or shape_obstacle(restricted, general)
        or _nesting_obstacle(restricted, general)
    )


def _estimator_obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
    names = [(_function(fitted), deciding_test(fitted).kind.value) for fitted in (one, other)]
    if names[0] != names[1]:
        return Obstacle(
            "comparison-estimator",
            f"the fits have other estimators or tests ({', '.join(names[0])}; {', '.join(names[1])})",
            "Fit both models with the same estimator, test and treatment of missing answers.",
        )
    if deciding_test(one).kind.is_scaled and _information(one) != _information(other):
        return Obstacle(
            "comparison-estimator",
            f"the scaling factors come from other information matrices ({'; '.join(map(_information, (one, other)))})",
            "Fit both models with the same information=, observed_information= and h1_information=.",
        )
    return None


def _function(fitted: FittedModel) -> str:
    return f"{fitted.options.discrepancy.name}, {fitted.options.likelihood.value} likelihood"


def _information(fitted: FittedModel) -> str:
    options = fitted.options
    names = [options.used_information.value, options.observed_by[1].value, options.h1.value]
    return ", ".join([*names, *(["expected of the moments"] if options.expected_gamma else [])])


def _nesting_obstacle(restricted: FittedModel, general: FittedModel) -> Obstacle | None:
    nesting = nesting_of(restricted, general)
    if restricted.test.df == general.test.df:
        if nesting.is_nested:
            return Obstacle(
                "comparison-equivalent",
                f"both have {general.test.df} degrees of freedom and the same moments: they are equivalent, and no "
                "data can choose between them",
                "Only theory and design can.",
            )
        return Obstacle(
            "comparison-equal-df",
            f"both have {general.test.df} degrees of freedom: neither is a special case of the other",
            _instead(general),
        )
    if nesting.is_nested:
        return None
    size = "no fit" if not np.isfinite(nesting.discrepancy) else f"F = {2 * nesting.discrepancy:.2g}, not 0"
    return Obstacle(
        "comparison-not-nested",
        "the first is no special case of the second: fitted to the moments that the first implies, the second leaves "
        f"{size}",
        _instead(general),
    )


def _instead(fitted: FittedModel) -> str:
    """Return what compares models that no test does: least squares have no likelihood."""
    if fitted.options.discrepancy.is_likelihood:
        return "Compare them by AIC and BIC."
    return "Compare their fit indices; least squares has no AIC or BIC."


def _labels(groups: tuple[SampleGroup, ...]) -> str:
    return ", ".join(group.label for group in groups if group.label) or "one group"


def _sizes(sizes: list[int]) -> str:
    return " + ".join(map(str, sizes))
