"""What a reader must know of rows, said alike wherever the rows come from."""

from __future__ import annotations

from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of


def zero_weights_finding(count: int) -> Finding:
    """Return the warning on rows whose sampling weight is zero."""
    return Finding(
        "zero-weights",
        Severity.WARNING,
        f"{count_of(count, 'row')} with a sampling weight of zero {'is' if count == 1 else 'are'} not used and "
        "not counted.",
        remedy="Check that these respondents really stand for nobody.",
    )
