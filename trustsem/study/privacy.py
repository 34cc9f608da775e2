"""No numbers of groups so small that they would be numbers of single persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trustsem.errors import DataError
from trustsem.fitting import Fit
from trustsem.spec import LibraryModel
from trustsem.suggestions import count_of
from trustsem.survey import Survey
from trustsem.survey.frames import column_of, group_name, missing_in


def require_large_groups(survey: Survey, column: str | None, least: int, chosen: Sequence[str] = ()) -> None:
    """Refuse groups with too few rows, before anything is computed of them.

    Args:
        survey: The answers.
        column: That of the groups; None: the sample is not split.
        least: Fewest respondents of a group that is shown.
        chosen: Groups that are analysed; empty: all.

    Raises:
        DataError: with the number of such groups, not their sizes.
    """
    if column is None or column not in survey.frame.columns:
        return
    values = column_of(survey.frame, column)
    counts = Counter(map(group_name, values.to_numpy()[~missing_in(values)]))
    _require([count for label, count in counts.items() if not chosen or label in chosen], column, least)


def require_large_group_fits(fit: Fit, least: int) -> None:
    """Refuse a fit in which incomplete rows leave too few respondents of a group.

    Raises:
        DataError: as `require_large_groups`.
    """
    if fit.group_labels:
        sizes = [sample.n_obs for sample in fit.data.moments.groups]
        _require(sizes, str(fit.options.data.group), least)


def groups_of(model: LibraryModel, options: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Return the column and the groups that a fit of a shipped or own model splits the sample by."""
    column = options.get("group", model.group)
    labels = options.get("group_label") or (model.group_label if column == model.group else ())
    return column or None, (labels,) if isinstance(labels, str) else tuple(labels)


def _require(sizes: Sequence[int], column: str, least: int) -> None:
    small = sum(size < least for size in sizes)
    if small:
        have = "has" if small == 1 else "have"
        raise DataError(
            f"{count_of(small, 'group')} of the column '{column}' {have} fewer than {least} respondents with usable "
            "answers: their numbers would be those of single persons and are not computed.",
            remedy="Put groups together, name those to analyse in group_label, or set smallest_group in [study].",
            code="small-group",
        )
