"""Moments of the used rows, by the treatment of missing answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trustsem.errors import DataError
from trustsem.fitting.data_options import Missing
from trustsem.inference.robust.incomplete import saturated_pair
from trustsem.inference.saturated import saturated_covariance
from trustsem.moments import Cases, SampleGroup, SampleMoments, em_sample, moments_from_cases, pairwise_sample
from trustsem.records import Finding
from trustsem.suggestions import shortened


def sample_moments(
    cases: Sequence[Cases],
    names: Sequence[str],
    labels: Sequence[str],
    missing: Missing,
    *,
    expected: bool = False,
) -> tuple[SampleMoments, tuple[Finding, ...]]:
    """Return the moments that a model is fitted to.

    Complete rows: plain moments. Full information and two-stage: those of the saturated model; two-stage with the
    covariance of these moments, under normality or not (Savalei & Bentler 2009; Savalei & Falk 2014), by their observed
    information, or the expected one, which takes for granted that answers are missing completely at random.

    Raises:
        DataError: moments that cannot be computed.
    """
    if missing is Missing.LISTWISE:
        return moments_from_cases(cases, names, labels), ()
    if missing is Missing.PAIRWISE:
        return pairwise_sample(cases, names, labels)
    moments, findings = em_sample(cases, names, labels)
    if missing.is_two_stage:
        moments = _with_covariance(moments, robust=missing is Missing.ROBUST_TWO_STAGE, expected=expected)
    return moments, findings


def _with_covariance(moments: SampleMoments, *, robust: bool, expected: bool) -> SampleMoments:
    groups = []
    for sample in moments.groups:
        try:
            information, first_order = saturated_pair(sample, observed=not expected)
            gamma = saturated_covariance(information, first_order if robust else None)
        except np.linalg.LinAlgError:
            raise _undetermined(sample) from None
        groups.append(replace(sample, moment_gamma=gamma))
    return SampleMoments(tuple(groups))


def _undetermined(sample: SampleGroup) -> DataError:
    """Return the error for moments that the answers leave open: two-stage estimation needs each of them."""
    where = f" in group {sample.label}" if sample.label else ""
    pairs = () if sample.saturated is None else sample.saturated.never_together
    named = [f"{sample.names[i]} with {sample.names[j]}" for i, j in pairs]
    why = f"nobody answered both of {shortened(named)}" if named else "too few rows have both answers of a pair"
    return DataError(
        f"The answers{where} do not determine every covariance, which two-stage estimation needs: {why}.",
        remedy='Leave one item of each pair out; missing="fiml" can do without a pair where the model links its items.',
        code="never-answered-together",
    )
