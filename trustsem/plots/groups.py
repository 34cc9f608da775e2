"""Which group of a fit a figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustsem.errors import ConvergenceError, UsageError
from trustsem.suggestions import suggest

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


def group_number(fit: Fit, group: str | None) -> int:
    """Return the number of a group, counted from 1.

    Args:
        fit: The fit.
        group: Label; None where there is one group.

    Raises:
        UsageError: a group that the fit does not have, or none where it has several.
    """
    labels = fit.group_labels
    if not labels and group is None:
        return 1
    if not labels:
        raise UsageError(
            f"The fit has one group: there is no group {group!r}.", remedy="Leave group out.", code="group"
        )
    if group is None or group not in labels:
        found = "The fit has several groups" if group is None else f"Unknown group {group!r}"
        hint = "" if group is None else suggest(str(group), labels)
        raise UsageError(
            f"{found}: this figure shows one at a time.{hint}",
            remedy=f"Name it: group={labels[0]!r}. Groups: {', '.join(labels)}.",
            code="group",
        )
    return labels.index(group) + 1


def group_label(fit: Fit, number: int) -> str:
    """Return the label of a group; "" where there is one."""
    return fit.group_labels[number - 1] if fit.group_labels else ""


def model_title(fit: Fit, language: str = "en") -> str:
    """Return the title of the model; its name, or "" where it has none."""
    library = fit.model.library
    if library is not None and library.title is not None:
        return library.title.text(language)
    return fit.model.name or ""


def heading(what: str, fit: Fit, number: int | None = None, language: str = "en") -> str:
    """Return a title: what is shown, of which model and group."""
    model = model_title(fit, language)
    group = group_label(fit, number) if number is not None else ""
    return f"{what}{f': {model}' if model else ''}{f' ({group})' if group else ''}"


def require_converged(fit: Fit) -> None:
    """Refuse a fit that has no results.

    Raises:
        ConvergenceError: it did not converge.
    """
    if not fit.converged:
        raise ConvergenceError(
            "The fit did not converge: there is nothing to draw.", remedy="Its findings say what was tried."
        )
