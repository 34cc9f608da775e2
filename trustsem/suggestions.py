"""Pieces of messages: names close to one that is unknown, for "Did you mean ...?"; lists cut short; counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

MAX_SUGGESTIONS = 3
_MIN_SIMILARITY = 0.6
_MIN_PREFIX = 3  # shorter prefixes fit too many names to help


def closest_names(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return at most three candidates that `name` may be a slip of, best first.

    Letter case, full-width forms and the separators `_ . -` and blank do not count as differences; a shared
    beginning and swapped or missing letters count as small ones.

    Args:
        name: The unknown name as it was written.
        candidates: Names that would have been allowed.

    Example:
        >>> closest_names("trsut_1", ["trust_1", "trust_2", "age"])
        ('trust_1', 'trust_2')
        >>> closest_names("AGE", ["age", "wage"])
        ('age', 'wage')
    """
    key = _comparison_key(name)
    scored = []
    for position, candidate in enumerate(dict.fromkeys(candidates)):
        score = _similarity(key, _comparison_key(candidate))
        if candidate != name and score >= _MIN_SIMILARITY:
            scored.append((-score, position, candidate))
    return tuple(candidate for _, _, candidate in sorted(scored)[:MAX_SUGGESTIONS])


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return "Did you mean 'a' or 'b'?", or "" where nothing is close.

    Example:
        >>> did_you_mean("sqr", ["sqrt", "exp"])
        "Did you mean 'sqrt'?"
    """
    names = [f"'{candidate}'" for candidate in closest_names(name, candidates)]
    return f"Did you mean {' or '.join(names)}?" if names else ""


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return `did_you_mean` with a blank before it, to be put behind a sentence; "" where nothing is close.

    Example:
        >>> suggest("public_opinoin", ["public_opinion", "social_trust"])
        " Did you mean 'public_opinion'?"
    """
    question = did_you_mean(name, candidates)
    return f" {question}" if question else ""


def shortened(names: Iterable[str], limit: int = 8) -> str:
    """Return names joined by commas, the first `limit` of them, with the number of the others.

    Example:
        >>> shortened("abcd", limit=2)
        'a, b and 2 more'
    """
    listed = list(names)
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Example:
        >>> count_of(1, "column"), count_of(2, "column")
        ('1 column', '2 columns')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _comparison_key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return folded.translate({ord(separator): None for separator in "_.- "}) or folded


def _similarity(name: str, candidate: str) -> float:
    if name == candidate:
        return 2.0
    if len(name) >= _MIN_PREFIX and candidate.startswith(name):
        return 1.0 + len(name) / len(candidate)
    matcher = SequenceMatcher(None, name, candidate, autojunk=False)
    # The two quick bounds are upper limits of the ratio and spare most of the work on long lists.
    if matcher.real_quick_ratio() < _MIN_SIMILARITY or matcher.quick_ratio() < _MIN_SIMILARITY:
        return 0.0
    swapped = 0.1 if sorted(name) == sorted(candidate) else 0.0
    return matcher.ratio() + swapped
