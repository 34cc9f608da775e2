"""What a reader of the results must know beyond admissibility: factors that coincide, loops, imprecision, small n."""

from __future__ import annotations

import numpy as np

from trustsem.distributions import Z95
from trustsem.effects import (
    DeltaResult,
    Standardization,
    latent_correlations_with_errors,
    standardized_solution,
)
from trustsem.fitting.loop_findings import loop_findings
from trustsem.pipeline import FittedModel
from trustsem.records import Finding, Severity
from trustsem.spec.table import group_key
from trustsem.suggestions import shortened
from trustsem.tables.estimates import row_values
from trustsem.tables.groups import in_group

NOT_DISTINCT = 0.90  # |r| from which two constructs are not told apart (Ronkko & Cho 2022: moderate problem)
_ILL_CONDITIONED = 1e6  # of the information matrix with unit diagonal: three digits of the estimates are noise
_MEMBER = 0.2  # weight in the weakest direction from which a parameter belongs to it
_SAME = 1e-6  # relative difference of two loadings that a constraint holds equal
_NO_ERROR = 1e-3  # share of a latent response's variance that is its residual, below which there is hardly any
_IMPRECISE = 1.0  # standard error of a standardised coefficient that leaves even its size open


def diagnose(fitted: FittedModel) -> tuple[Finding, ...]:
    """Return findings on one factor used twice, distinct constructs, loops, imprecision and sample size."""
    if not fitted.estimate.converged:
        return (*_same_factor_twice(fitted), *_without_error(fitted))
    solution = standardized_solution(fitted.table, fitted.estimate, fitted.covariance.matrix, Standardization.ALL)
    return (
        *_same_factor_twice(fitted),
        *_without_error(fitted),
        *_undefined(fitted),
        *_empirical(fitted),
        *_not_distinct(fitted),
        *loop_findings(fitted),
        *_imprecise(fitted, solution),
        *_small_sample(fitted),
        *_small_groups(fitted),
        *_units_of_groups(fitted),
    )


def _not_distinct(fitted: FittedModel) -> list[Finding]:
    """Name pairs of factors whose correlation is so near 1 that the items do not tell them apart."""
    parents = {(row.lhs, row.rhs) for row in fitted.table if row.op == "=~"}
    findings = []
    for pair in latent_correlations_with_errors(fitted.estimate, fitted.covariance.matrix):
        if abs(pair.value) < NOT_DISTINCT or abs(pair.value) > 1:
            continue  # beyond 1 is an inadmissible solution and reported as such
        if (pair.first, pair.second) in parents or (pair.second, pair.first) in parents:
            continue
        interval = ""
        if np.isfinite(pair.se):
            low, high = pair.value - Z95 * pair.se, pair.value + Z95 * pair.se
            interval = f" (95 % interval {low:.2f} to {high:.2f})"
        findings.append(
            Finding(
                "constructs-not-distinct",
                Severity.WARNING,
                f"{pair.first} and {pair.second} correlate at {pair.value:.2f}{interval}"
                f"{in_group(fitted.table, pair.group)}: their items do not tell the two apart, and separate paths from "
                "or to them are not to be trusted.",
                remedy=f"Merge {pair.first} and {pair.second} into one factor and compare, or word their items apart.",
                parameter=group_key(f"{pair.first}~~{pair.second}", pair.group),
            )
        )
    return findings


def _same_factor_twice(fitted: FittedModel) -> list[Finding]:
    """Warn where the medical situation predicts twice: as a construct, and as the setting or grade of the hospital."""
    predictors = {row.rhs for row in fitted.table if row.op == "~"}
    twins = sorted(predictors & {"setting", "hospital_grade"})
    if "medical_situation" not in predictors or not twins:
        return []
    return [
        Finding(
            "same-factor-twice",
            Severity.WARNING,
            f"medical_situation and {', '.join(twins)} are the same factor of the theory (Li et al. 2021, Table 1), "
            "and both are predictors here: their effects take from each other.",
            remedy="Keep one of them, or compare groups by setting instead.",
            parameter=twins[0],
        )
    ]


def _without_error(fitted: FittedModel) -> list[Finding]:
    """Name ordinal items that theta leaves next to no error: what would be a negative variance under delta."""
    ordinal = fitted.table.ordinal
    if ordinal is None or not ordinal.is_theta:
        return []
    estimate, items = fitted.estimate, []
    for number, implied in enumerate(estimate.objective.implied(estimate.x), start=1):
        names = estimate.objective.layout.groups[number - 1].observed
        share = np.diag(implied.covariances)[: len(names)] / np.diag(implied.sigma)
        items += [
            f"{n}{in_group(fitted.table, number)}"
            for n, s in zip(names, share, strict=True)
            if n in ordinal.levels and s < _NO_ERROR
        ]
    if not items:
        return []
    return [
        Finding(
            "item-without-error",
            Severity.WARNING,
            f"Hardly any of the variance of {shortened(items, 6)} is error. Theta fixes residual variances, so that a "
            "negative one (Heywood case) shows as loadings and thresholds that grow without end.",
            remedy='Fit with parameterization="delta" to see the residual variance, and simplify the model.',
            parameter=items[0],
        )
    ]


def _undefined(fitted: FittedModel) -> list[Finding]:
    """Name defined parameters whose expression has no value at the estimates: log of a negative, division by zero."""
    n_rows, definitions = len(fitted.table), fitted.table.definitions
    values = row_values(fitted).values[n_rows:]
    names = [d.name for d, value in zip(definitions, values, strict=True) if not np.isfinite(value)]
    if not names:
        return []
    return [
        Finding(
            "undefined-definition",
            Severity.WARNING,
            f"No value at these estimates: {', '.join(names)} (a logarithm or root of a negative number, a division by "
            "zero, or a number too large to write).",
            remedy="Look at the expression behind := and at the sign of what it uses.",
            parameter=names[0],
        )
    ]


def _empirical(fitted: FittedModel) -> list[Finding]:
    """Name parameters that the data at hand barely tell apart, though the model as such is identified."""
    condition = fitted.covariance.condition
    if not condition > _ILL_CONDITIONED:
        return []
    estimate = fitted.estimate
    unit = estimate.objective.information(estimate.x)
    scale = np.sqrt(np.diag(unit))
    weights = np.abs(np.linalg.eigh(unit / np.outer(scale, scale))[1][:, 0])
    kept = estimate.objective.layout.reduction.kept
    names = [fitted.table.free_rows[kept[k]].key for k in np.argsort(-weights) if weights[k] > _MEMBER][:6]
    return [
        Finding(
            "empirical-underidentification",
            Severity.WARNING,
            f"At this solution the data hardly tell these parameters apart: {', '.join(names)} (condition number of "
            f"the information matrix {condition:.0e}). Small changes of the data move them a lot.",
            remedy="Fix or drop one of them, or find out why they compete: a loading or path near zero, two factors "
            "that coincide.",
            parameter=names[0] if names else None,
        )
    ]


def _imprecise(fitted: FittedModel, solution: DeltaResult) -> list[Finding]:
    if fitted.covariance.matrix is None:
        return []
    wide = [
        row.key
        for row, error in zip(fitted.table.rows, solution.standard_errors, strict=False)
        if row.op in ("=~", "~") and error > _IMPRECISE
    ]
    if not wide:
        return []
    return [
        Finding(
            "exploding-standard-errors",
            Severity.WARNING,
            f"Standard errors are so large that the coefficients say nothing: {', '.join(wide[:8])}"
            f"{' and others' if len(wide) > 8 else ''}.",
            remedy="Predictors or factors overlap, a factor has too few items, or an instrument is weak: simplify.",
            parameter=wide[0],
        )
    ]


def _small_sample(fitted: FittedModel) -> list[Finding]:
    n_obs, n_parameters = fitted.moments.n_obs, fitted.table.n_parameters
    if n_obs >= 5 * n_parameters or n_parameters == 0:
        return []
    severity = Severity.WARNING if n_obs < 2 * n_parameters else Severity.INFO
    return [
        Finding(
            "small-sample",
            severity,
            f"{n_obs} respondents for {n_parameters} parameters: standard errors and the chi-square test lean on "
            "large-sample theory and are rough here (the test rejects too often).",
            remedy="Simplify the model, or collect more answers.",
        )
    ]


def _small_groups(fitted: FittedModel) -> list[Finding]:
    """Name groups with few respondents for the parameters that only they inform, and for those that they share."""
    labels = fitted.table.group_labels
    if not labels:
        return []
    small = []
    for number, (label, sample) in enumerate(zip(labels, fitted.moments.groups, strict=True), start=1):
        n_own = sum(row.group == number for row in fitted.table.free_rows)
        if sample.n_obs < 5 * n_own:
            small.append((sample.n_obs / n_own, f"{label} ({sample.n_obs} for {n_own})"))
    if not small or _small_sample(fitted):  # the whole sample is small: said already
        return []
    severity = Severity.WARNING if min(ratio for ratio, _ in small) < 2 else Severity.INFO
    return [
        Finding(
            "small-group",
            severity,
            f"Few respondents for the parameters of the group: {shortened([text for _, text in small], 6)}. What is "
            "estimated there, and the chi-square test, lean on large-sample theory and are rough.",
            remedy="Hold parameters equal over groups where theory allows it, or join groups.",
        )
    ]


def _units_of_groups(fitted: FittedModel) -> list[Finding]:
    """Say that paths of latent variables do not compare where their loadings differ between groups."""
    table = fitted.table
    latent = set(table.variables.latent)
    has_paths = any(row.op == "~" and latent & {row.lhs, row.rhs} for row in table)
    if not table.group_labels or not has_paths or not _loadings_differ(fitted):
        return []
    return [
        Finding(
            "loadings-not-equal",
            Severity.INFO,
            "Loadings differ between groups, so that each group measures its factors in units of its own: compare "
            "unstandardised paths and effects within a group only.",
            remedy='Hold loadings equal with group_equal="loadings" (metric invariance) to compare between groups.',
        )
    ]


def _loadings_differ(fitted: FittedModel) -> bool:
    values: dict[tuple[str, str], list[float]] = {}
    for row, value in zip(fitted.table.rows, row_values(fitted).values, strict=False):
        if row.op == "=~":
            values.setdefault((row.lhs, row.rhs), []).append(float(value))
    return any(max(group) - min(group) > _SAME * max(map(abs, group)) for group in values.values())
