"""The groups that a shipped model is meant for, taken over where a caller names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.records import Finding, Severity
from trustsem.spec import LibraryModel
from trustsem.suggestions import shortened

_GROUP_OPTIONS = ("group", "group_label", "group_equal", "group_partial")


def with_model_groups(
    options: Mapping[str, Any], library: LibraryModel | None, *, moment_groups: int | None = None
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the options of a fit with the groups that the model's description names, and what a reader must know.

    A `group` of the caller's replaces all four; an empty one asks for one group of all rows. Without it, labels of the
    caller's replace the labels, and `group_equal` replaces the equalities together with their exceptions.

    Args:
        options: Options as the caller gave them.
        library: What is known about the model.
        moment_groups: Number of groups whose moments were given, which have no column of groups; None: rows were.
    """
    given = dict(options)
    if given["group"] is not None:
        is_empty = isinstance(given["group"], str) and not given["group"]
        given["group"] = None if is_empty else given["group"]
        return given, ()
    if library is None or library.group is None or moment_groups == 1:
        return given, ()
    taken: dict[str, Any] = {} if moment_groups else {"group": library.group}
    if not given["group_label"] and moment_groups in (None, len(library.group_label)):
        taken["group_label"] = library.group_label
    if not given["group_equal"]:
        taken["group_equal"] = library.group_equal
        if not given["group_partial"]:
            taken["group_partial"] = library.group_partial
    return {**given, **taken}, (_said(library, {name: value for name, value in taken.items() if value}),)


def _said(library: LibraryModel, taken: Mapping[str, Any]) -> Finding:
    values = "; ".join(f"{name} {_listed(taken[name])}" for name in _GROUP_OPTIONS if name in taken)
    return Finding(
        "groups-of-the-model",
        Severity.INFO,
        f"{library.name} is meant for groups, and none were asked for; its description says: {values}.",
        remedy='A group that is named takes nothing from there, an empty one (group="") fits all rows as one group.',
    )


def _listed(value: str | tuple[str, ...]) -> str:
    return f"'{value}'" if isinstance(value, str) else shortened(value, 12)
