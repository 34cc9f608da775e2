"""Is the solution one that could come from a population: variances, covariance matrices, latent correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.estimator import Estimate
from trustsem.implied import GroupLayout, Implied
from trustsem.records import Finding, Severity
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_TOLERANCE = 1e-8  # eigenvalues of a correlation matrix above -1e-8 are rounding


@dataclass(frozen=True, slots=True)
class Admissibility:
    """Whether the solution is admissible, and what speaks against it."""

    admissible: bool
    findings: tuple[Finding, ...]


def check_admissibility(estimate: Estimate, table: ParameterTable) -> Admissibility:
    """Look for negative variances, improper covariance matrices and latent correlations beyond 1.

    Auxiliary variables covary freely with everything observed: what stands among the residuals is no residual there.
    """
    auxiliary = {row.lhs for row in table if is_auxiliary(row)}
    labels = table.group_labels or ("",)
    findings: list[Finding] = []
    groups = zip(labels, estimate.objective.layout.groups, estimate.objective.implied(estimate.x), strict=True)
    for label, layout, implied in groups:
        n_modelled = layout.n_observed - sum(name in auxiliary for name in layout.names[: layout.n_observed])
        found = [
            *_negative_variances(layout, implied),
            *_improper_residuals(layout, implied, n_modelled),
            *_improper_latent(layout, implied),
            *_correlations_beyond_one(layout, implied),
        ]
        findings.extend(one.in_group(label) for one in found)
    return Admissibility(not findings, tuple(findings))


def _negative_variances(layout: GroupLayout, implied: Implied) -> list[Finding]:
    findings = []
    for position, name in enumerate(layout.names):
        value = implied.covariances[position, position]
        if value < 0:
            kind = "residual variance" if position < layout.n_observed else "latent (residual) variance"
            findings.append(
                Finding(
                    "negative-variance",
                    Severity.ERROR,
                    f"The {kind} of {name} is estimated as {value:.3f}: impossible in a population (Heywood case).",
                    remedy=_variance_remedy(layout, position),
                    parameter=f"{name}~~{name}",
                )
            )
    return findings


def _variance_remedy(layout: GroupLayout, position: int) -> str:
    name = layout.names[position]
    if position < layout.n_observed:
        return (
            f"Look at {name} first: a factor with two indicators, a too small sample or a nearly redundant item does "
            f"this. If its interval includes 0, {name} ~~ 0*{name} is the smallest fix."
        )
    return f"The predictors explain more than all of {name}: look for collinear predictors or too few indicators."


def _improper_residuals(layout: GroupLayout, implied: Implied, p: int) -> list[Finding]:
    """Look at the first p observed variables, those of the model."""
    block = implied.covariances[:p, :p]
    if not _has_covariances(block) or np.diag(block).min(initial=1.0) < 0 or _is_proper(block):
        return []
    return [
        Finding(
            "residual-covariance-not-positive-definite",
            Severity.ERROR,
            "The covariance matrix of the items' residuals is not positive definite: some residual correlations "
            f"contradict each other{_largest(block, layout.names[:p])}.",
            remedy="Remove residual covariances that the theory does not need.",
        )
    ]


def _improper_latent(layout: GroupLayout, implied: Implied) -> list[Finding]:
    p = layout.n_observed
    latent = implied.total_cov[p:, p:]
    if len(latent) < 2 or np.diag(latent).min() <= 0 or _is_proper(latent):
        return []
    return [
        Finding(
            "latent-covariance-not-positive-definite",
            Severity.ERROR,
            "The covariance matrix of the latent variables is not positive definite"
            f"{_largest(latent, layout.names[p:])}.",
            remedy="Two or more factors overlap: merge factors that cannot be told apart or give them more items.",
        )
    ]


def _correlations_beyond_one(layout: GroupLayout, implied: Implied) -> list[Finding]:
    p = layout.n_observed
    findings = []
    for one, other, value in latent_correlations(layout, implied):
        if abs(value) > 1:
            first, second = layout.names[p + one], layout.names[p + other]
            findings.append(
                Finding(
                    "latent-correlation-above-1",
                    Severity.ERROR,
                    f"{first} and {second} correlate at {value:.3f}: beyond 1.",
                    remedy=f"The two are not distinct here: merge {first} and {second}, or check their items.",
                    parameter=f"{first}~~{second}",
                )
            )
    return findings


def latent_correlations(layout: GroupLayout, implied: Implied) -> list[tuple[int, int, float]]:
    """Return (i, j, correlation) of all pairs of latent variables whose variances are positive."""
    p = layout.n_observed
    latent = implied.total_cov[p:, p:]
    variances = np.diag(latent)
    pairs = []
    for one in range(len(latent)):
        for other in range(one):
            if variances[one] > 0 and variances[other] > 0:
                pairs.append((other, one, float(latent[one, other] / np.sqrt(variances[one] * variances[other]))))
    return pairs


def _has_covariances(block: FloatArray) -> bool:
    return bool(np.abs(block - np.diag(np.diag(block))).max(initial=0.0) > 0)


def _is_proper(block: FloatArray) -> bool:
    variances = np.diag(block)
    used = variances > 0
    scale = np.sqrt(variances[used])
    correlations = block[np.ix_(used, used)] / np.outer(scale, scale)
    return len(correlations) == 0 or float(np.linalg.eigvalsh(correlations)[0]) > -_TOLERANCE


def _largest(block: FloatArray, names: tuple[str, ...]) -> str:
    variances = np.diag(block)
    used = np.flatnonzero(variances > 0)
    scale = np.sqrt(variances[used])
    correlations = np.abs(np.tril(block[np.ix_(used, used)] / np.outer(scale, scale), -1))
    i, j = np.unravel_index(int(np.argmax(correlations)), correlations.shape)
    if correlations[i, j] == 0:
        return ""
    return f" (largest: {names[used[j]]} with {names[used[i]]}, |r| = {correlations[i, j]:.2f})"
