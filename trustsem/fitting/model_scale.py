"""The answer scale that a shipped model is meant for, taken over where a caller says nothing about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.fitting.model_groups import with_model_groups
from trustsem.records import Finding, Severity
from trustsem.spec import LibraryModel


def with_model_scale(
    options: Mapping[str, Any], library: LibraryModel | None, *, has_answers: bool = True
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the options of a fit with ordinal items where the model's description says so, and what to know of it.

    `ordered` of the caller's decides; `False` takes ordinal answers for continuous ones, and a finding says so.

    Args:
        options: Options as the caller gave them; `ordered` is None or empty where nothing was said.
        library: What is known about the model.
        has_answers: Whether respondents' answers were given; moments have no categories.
    """
    given = dict(options)
    if library is None or not library.ordered:
        return given, ()
    if given["ordered"] is False or not has_answers:
        return given, (_as_continuous(library),)
    is_named = given["ordered"] not in (None, (), [])
    given["ordered"] = given["ordered"] if is_named else True
    if given["parameterization"] is None:
        given["parameterization"] = library.parameterization
    which = "the named items" if is_named else "all its items"
    return given, (_as_ordinal(library, which, given["parameterization"] or "delta"),)


def with_model_defaults(
    options: Mapping[str, Any], library: LibraryModel | None, *, moment_groups: int | None = None
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the options of a fit with groups and answer scale of the model's description, and what to know of it.

    Args:
        options: Options as the caller gave them.
        library: What is known about the model.
        moment_groups: Number of groups whose moments were given; None: answers were, or no data.
    """
    given, groups = with_model_groups(options, library, moment_groups=moment_groups)
    given, scale = with_model_scale(given, library, has_answers=moment_groups is None)
    return given, (*groups, *scale)


def _as_ordinal(library: LibraryModel, which: str, parameterization: str) -> Finding:
    return Finding(
        "ordinal-by-the-model",
        Severity.INFO,
        f"{library.name} is meant for ordinal answers: {which} are analysed as ordinal, parameterization "
        f"{parameterization}.",
        remedy="ordered=False (--ordered none) takes the answers for continuous ones.",
    )


def _as_continuous(library: LibraryModel) -> Finding:
    return Finding(
        "ordinal-analysed-as-continuous",
        Severity.WARNING,
        f"{library.name} is meant for ordinal answers; here they are analysed as continuous ones, which pulls "
        "correlations and loadings towards zero, most for few or skewed categories.",
        remedy="Leave ordered out to analyse them as ordinal; or expect larger loadings and correlations than these.",
    )
