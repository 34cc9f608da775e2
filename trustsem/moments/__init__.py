"""Sample moments: what the estimators know of the data."""

from trustsem.moments.cases import Cases
from trustsem.moments.incomplete_rows import em_sample, pairwise_sample
from trustsem.moments.partial import MomentSum, PartialMoments, merge_moments, partial_moments
from trustsem.moments.sample import (
    SampleGroup,
    SampleMoments,
    moments_from_arrays,
    moments_from_cases,
    moments_from_input,
)

__all__ = [
    "Cases",
    "MomentSum",
    "PartialMoments",
    "SampleGroup",
    "SampleMoments",
    "em_sample",
    "merge_moments",
    "moments_from_arrays",
    "moments_from_cases",
    "moments_from_input",
    "pairwise_sample",
    "partial_moments",
]
