"""Where the draws of a fit come from and what they are turned into before the model is refitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trustsem.discrepancy import Discrepancy
from trustsem.errors import DataError, UsageError
from trustsem.fitting.data_options import Missing, WeightsNormalization
from trustsem.fitting.sample import sample_moments
from trustsem.inference.likelihood import Likelihood
from trustsem.moments import Cases, SampleMoments, em_sample
from trustsem.pipeline import FittedModel, prepare_moments
from trustsem.resample import DrawKind, is_batched, raw_cases
from trustsem.resample.refit import MakeMoments
from trustsem.resample.samplers import NormalSampling, Resampling, Sampler, bollen_stine_cases
from trustsem.spec.table import ParameterTable
from trustsem.spec.variables import product_parts

if TYPE_CHECKING:
    from trustsem.fitting.ordinal import OrdinalScales
    from trustsem.fitting.result import Fit


def sampler_of(fit: Fit, kind: DrawKind, seed: int) -> Sampler:
    """Return what makes the rows of draws.

    Raises:
        UsageError: draws of a kind that the fit has not.
    """
    require_kind(fit, kind)
    fitted = fit.fitted
    cases = raw_cases(fitted)
    if kind is DrawKind.NONPARAMETRIC:
        return Resampling(cases, seed, weighs_by_group(fit))
    layout = fitted.estimate.objective.layout
    implied = fitted.estimate.objective.implied(fitted.estimate.x)
    if fitted.table.ordinal is not None:
        from trustsem.resample.ordinal_sampling import OrdinalSampling

        scales = _scales(fit, cases)
        position = {name: k for k, name in enumerate(fitted.table.variables.observed)}
        scores = {position[name]: values for name, values in scales.scores.items()}
        return OrdinalSampling(cases, layout.groups, implied, scores, seed)
    has_means = fitted.table.meanstructure
    means = [part.mu if has_means else _sample_mean(group) for part, group in zip(implied, cases, strict=True)]
    covariances = [part.sigma for part in implied]
    if kind is DrawKind.BOLLEN_STINE:
        return Resampling(bollen_stine_cases(cases, means, covariances, keep_means=not has_means), seed)
    return NormalSampling(cases, tuple(means), tuple(covariances), layout.groups[0].exogenous, seed)


def weighs_by_group(fit: Fit) -> bool:
    """Return whether the weights of each group are normalised on their own, so that draws are too."""
    return fit.options.data.normalization is WeightsNormalization.GROUP


def _sample_mean(cases: Cases) -> np.ndarray:
    return np.asarray(np.nanmean(cases.values, axis=0), dtype=np.float64)


def require_kind(fit: Fit, kind: DrawKind) -> None:
    """Refuse draws of a kind that is not defined for the data of a fit.

    Raises:
        UsageError: naming every reason.
    """
    if kind is DrawKind.NONPARAMETRIC:
        return
    data, reasons = fit.options.data, []
    if data.cluster is not None:
        reasons.append("clusters: the model says nothing of how respondents of a cluster depend on each other")
    if data.weights is not None:
        reasons.append("sampling weights: the model says nothing of how respondents were sampled")
    products = kind is DrawKind.PARAMETRIC and _draws_products(fit.fitted)
    if products:
        reasons.append("products of variables: columns that are drawn, or whose parts are, would be no products")
    if kind is DrawKind.BOLLEN_STINE:
        if fit.fitted.table.ordinal is not None:
            reasons.append("ordinal items: answers cannot be transformed to fit the model and stay answers")
        elif data.missing is not Missing.LISTWISE:
            reasons.append("incomplete rows: the transformation needs every answer")
    if reasons:
        raise UsageError(
            f"Draws of kind {kind.value} are not defined with this fit.",
            faults=reasons,
            remedy='Use kind="nonparametric", which redraws respondents or whole clusters with their weights.'
            if data.cluster is not None or data.weights is not None or products
            else 'Use kind="parametric" or "nonparametric".',
            code="draws",
        )


def _draws_products(fitted: FittedModel) -> bool:
    """Return whether the answers that a model generates would contradict its products."""
    layout = fitted.estimate.objective.layout.groups[0]
    observed = fitted.table.variables.observed
    drawn = set(observed) - {layout.names[k] for k in layout.exogenous.tolist()}
    parts = {name: product_parts(name) for name in observed}
    return bool(fitted.table.products) or any(
        not drawn.isdisjoint({name, *both}) for name, both in parts.items() if both is not None
    )


def moment_maker(fit: Fit) -> MakeMoments | None:
    """Return how moments are made of the rows of a draw; None where all draws are refitted at once."""
    if is_batched(fit.fitted):
        return None
    fitted = fit.fitted
    if fitted.table.ordinal is not None:
        assert fit.options.ordinal is not None
        pairwise = fit.options.data.missing is Missing.PAIRWISE
        scales = _scales(fit, raw_cases(fitted))
        return _OrdinalMoments(
            fitted.table,
            fitted.options.discrepancy,
            fitted.options.likelihood,
            scales,
            pairwise,
            fit.options.ordinal.zero_cells,
        )
    return _Moments(fitted.table, fitted.options.discrepancy, fitted.options.likelihood, fit.options.data.missing)


def _scales(fit: Fit, cases: Sequence[Cases]) -> OrdinalScales:
    from trustsem.fitting.ordinal import ordinal_scales

    table = fit.fitted.table
    assert table.ordinal is not None
    return ordinal_scales(cases, table.variables.observed, tuple(table.ordinal.levels), table.group_labels)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Makes the moments of continuous answers."""

    table: ParameterTable
    discrepancy: Discrepancy
    likelihood: Likelihood
    missing: Missing

    def __call__(self, cases: Sequence[Cases]) -> SampleMoments:
        """Return the moments of the rows of a draw."""
        names, labels = self.table.variables.observed, self.table.group_labels
        if self.missing.is_two_stage:  # the covariance matrix of the moments is for standard errors only
            moments, _ = em_sample(cases, names, labels)
        else:
            moments, _ = sample_moments(cases, names, labels, self.missing)
        return prepare_moments(self.table, moments, self.discrepancy, self.likelihood)


@dataclass(frozen=True, eq=False)
class _OrdinalMoments:
    """Makes thresholds and correlations of ordinal answers, with the categories of the whole sample."""

    table: ParameterTable
    discrepancy: Discrepancy
    likelihood: Likelihood
    scales: OrdinalScales
    pairwise: bool
    zero_cells: tuple[float, float] | None

    def __call__(self, cases: Sequence[Cases]) -> SampleMoments:
        """Return the statistics of the rows of a draw.

        Raises:
            DataError: a category that nobody in the draw is in: it has no thresholds then.
        """
        from trustsem.fitting.ordinal import ordinal_sample

        self._require_categories(cases, self.scales.scores)
        labels = self.table.group_labels
        moments, _ = ordinal_sample(
            cases,
            self.table,
            self.scales,
            labels,
            pairwise=self.pairwise,
            zero_cells=self.zero_cells,
            weights_only=self.discrepancy.name != "WLS",
        )
        return prepare_moments(self.table, moments, self.discrepancy, self.likelihood)

    def _require_categories(self, cases: Sequence[Cases], scores: Mapping[str, np.ndarray]) -> None:
        for column, name in enumerate(self.table.variables.observed):
            for group in cases if name in scores else ():
                found = np.unique(group.values[:, column])
                if np.count_nonzero(~np.isnan(found)) < len(scores[name]):
                    raise DataError(f"{name}: a category is empty in a draw.", code="empty-category")
