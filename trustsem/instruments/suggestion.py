"""The "Did you mean ...?" of the codebook and survey messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest candidate, or "" when none is near.

    Example:
        >>> did_you_mean("trsut_1", ["trust_1", "age"])
        " Did you mean 'trust_1'?"
    """
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean '{by_folded[near[0]]}'?" if near else ""


def shortened(names: Iterable[str], limit: int = 8) -> str:
    """Return names joined by commas, the first `limit` of them, with the number of the others.

    Example:
        >>> shortened("abcd", limit=2)
        'a, b and 2 more'
    """
    listed = list(names)
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")
