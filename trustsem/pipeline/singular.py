"""Why a sample covariance matrix is singular: constant items, items that repeat others, too few respondents."""

from __future__ import annotations

import numpy as np

from trustsem.errors import DataError
from trustsem.moments import SampleGroup

_SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that counts as zero
_MEMBER = 0.05  # weight in the null vector from which an item takes part


def explain_singular(sample: SampleGroup) -> DataError | None:
    """Return the error that names the variables behind a singular covariance matrix; None where it is regular."""
    where = f" in group {sample.label}" if sample.label else ""
    variances = np.diag(sample.cov)
    constant = [name for name, value in zip(sample.names, variances, strict=True) if not value > 0]
    if constant:
        return DataError(
            f"No variance{where} in: {', '.join(constant)}.",
            remedy="Leave constant items out of the model; check whether a recode made them constant.",
            code="constant-item",
        )
    p = len(sample.names)
    if sample.n_obs <= p:
        return DataError(
            f"{sample.n_obs} usable respondents{where} for {p} observed variables: the covariance matrix is singular.",
            remedy="Maximum likelihood needs more respondents than variables: use fewer items or more data."
            if not sample.label
            else "Every group needs more respondents than variables: use fewer items, or join groups.",
            code="too-few-rows",
        )
    scale = np.sqrt(variances)
    correlations = sample.cov / np.outer(scale, scale)
    try:
        if np.diag(np.linalg.cholesky(correlations)).min() > 1e-4:
            return None
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(correlations)
    if values[0] > _SINGULAR:
        return None
    members = [name for name, weight in zip(sample.names, vectors[:, 0], strict=True) if abs(weight) > _MEMBER]
    word = "is not positive definite" if values[0] < -_SINGULAR else "is singular"
    return DataError(
        f"The covariance matrix{where} {word}: {', '.join(members)} determine each other.",
        remedy="Remove one of them: an item that repeats or sums up others carries no information of its own.",
        code="collinear-items",
    )
