"""Sample moments: what the estimators know of the data."""

from trustsem.moments.sample import SampleGroup, SampleMoments, moments_from_arrays, moments_from_input

__all__ = ["SampleGroup", "SampleMoments", "moments_from_arrays", "moments_from_input"]
