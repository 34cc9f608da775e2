"""Options of a fit with the groups that a model is meant for, and the groups that it would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trustsem.errors import TrustSemError, UsageError

if TYPE_CHECKING:
    from trustsem.fitting.options import FitOptions
    from trustsem.records import Finding
    from trustsem.spec import LibraryModel
    from trustsem.survey import Survey
    from trustsem.syntax import ModelSyntax


def complete_options(model: LibraryModel, options: Mapping[str, Any]) -> tuple[FitOptions, tuple[Finding, ...]]:
    """Return the options as a fit would take them, missing ones at their defaults, and what came from the model.

    Raises:
        UsageError: options that cannot be used.
    """
    import inspect

    from trustsem.cli.fit_options import OPTION_NAMES
    from trustsem.fitting import fit
    from trustsem.fitting.model_scale import with_model_defaults
    from trustsem.fitting.options import read_options

    defaults = inspect.signature(fit).parameters
    complete = {name: options.get(name, defaults[name].default) for name in OPTION_NAMES}
    complete, taken = with_model_defaults(complete, model)
    return read_options(complete), taken


def groups_without_data(model: LibraryModel, syntax: ModelSyntax, options: FitOptions) -> tuple[str, ...]:
    """Return the groups that are named, those of the model's description, or those that its text is written for.

    Raises:
        UsageError: the data alone would tell.
    """
    from trustsem.spec import group_labels_in_text

    described = model.group_label if options.data.group == model.group else ()
    labels = options.data.group_label or described or group_labels_in_text(syntax)
    if not labels and options.data.group is not None:
        raise UsageError(
            f"How many groups the column '{options.data.group}' makes is not known without data.",
            remedy="Name them, e.g. --group-label outpatient,inpatient, or give DATA.",
            code="option-without-data",
        )
    return labels


def groups_of_fit(
    model: LibraryModel, syntax: ModelSyntax, options: FitOptions, survey: Survey | None
) -> tuple[tuple[str, ...], TrustSemError | None]:
    """Return the groups that a fit would have, and what keeps the data from having them.

    Raises:
        UsageError: neither data nor options tell the groups.
        DataError: what is wrong with the data's groups, where nothing else tells them either.
    """
    from trustsem.fitting.rows import group_labels

    if survey is None:
        return groups_without_data(model, syntax, options), None
    try:
        return group_labels(survey, options.data), None
    except TrustSemError as error:
        try:
            return groups_without_data(model, syntax, options), error
        except UsageError:
            raise error from None
