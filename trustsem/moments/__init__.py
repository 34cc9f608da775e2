"""Sample moments: what the estimators know of the data."""

from trustsem.moments.cases import Cases
from trustsem.moments.incomplete_rows import em_sample, pairwise_sample
from trustsem.moments.sample import (
    SampleGroup,
    SampleMoments,
    moments_from_arrays,
    moments_from_cases,
    moments_from_input,
)

__all__ = [
    "Cases",
    "SampleGroup",
    "SampleMoments",
    "em_sample",
    "moments_from_arrays",
    "moments_from_cases",
    "moments_from_input",
    "pairwise_sample",
]
