"""Which items belong together: constructs of a codebook, factors of a model, or what a caller writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd

from trustsem.errors import ModelError, UsageError
from trustsem.fitting.inputs import read_model
from trustsem.instruments import Codebook, load_codebook
from trustsem.spec import LibraryModel, TrustModel
from trustsem.spec.variables import classify_variables
from trustsem.suggestions import shortened, suggest
from trustsem.survey import Survey, read_survey
from trustsem.survey.scoring import apply_codebook
from trustsem.survey.selection import require_columns

Items = Sequence[str] | Mapping[str, Sequence[str]]
Model = str | PathLike[str] | TrustModel | LibraryModel
ItemSets = dict[str, tuple[str, ...]]

UNNAMED = "items"  # the set of items that are named without a scale


def scored_data(
    data: pd.DataFrame | Survey | str | PathLike[str],
    codebook: Codebook | str | PathLike[str] | None,
    model: Model | None,
) -> Survey:
    """Return data as a survey: a file is scored by the codebook that is named, else by the model's.

    Args:
        data: Scored survey, path of a survey file, or data frame; a frame without a codebook is taken as scored.
        codebook: Codebook, its name or path.
        model: Model whose codebook scores a file that none is named for.

    Raises:
        UsageError: something else was handed in, or a codebook for a survey that is scored already.
        DataError, CodebookError: the file or the codebook cannot be used.
    """
    if isinstance(data, Survey):
        if codebook is not None:
            raise UsageError("The survey is scored already.", remedy="Leave codebook out.", code="codebook-twice")
        return data
    if isinstance(data, (str, PathLike)):
        instrument = None if model is None else read_model(model).instrument
        chosen = codebook if codebook is not None else instrument
        # Path would mangle a URL that the reader has an answer to
        return read_survey(data if isinstance(data, str) else Path(data), _codebook(chosen))
    if not isinstance(data, pd.DataFrame):
        raise UsageError(
            f"Data must be a DataFrame, a Survey or the path of a file, not {type(data).__name__}.", code="data-type"
        )
    book = _codebook(codebook)
    return Survey(data, None, (), (), None) if book is None else apply_codebook(data, book)


def _codebook(codebook: Codebook | str | PathLike[str] | None) -> Codebook | None:
    if codebook is None or isinstance(codebook, Codebook):
        return codebook
    return load_codebook(codebook if isinstance(codebook, str) else Path(codebook))


def item_sets(survey: Survey, items: Items | None, model: Model | None) -> ItemSets:
    """Return scales with their items, in order.

    Args:
        survey: Scored answers.
        items: Scales by name; or items and constructs of the codebook, the items making one scale; None: the factors
            of the model, else all constructs of the codebook.
        model: Model whose factors are the scales.

    Raises:
        UsageError: both items and model, or neither where there is no codebook.
        ModelError: items that the data do not have, or a model without a factor of observed items.
    """
    if items is not None and model is not None:
        raise UsageError("Both items and a model were given.", remedy="Give one of them.", code="items-twice")
    if model is not None:
        sets = _sets_of_model(model)
    elif isinstance(items, Mapping):
        sets = {str(name): _unique(names) for name, names in items.items()}
    else:
        sets = _constructs(survey) if items is None else _named(survey, (items,) if isinstance(items, str) else items)
    if not any(sets.values()):
        raise UsageError(
            "Nothing says which items make a scale.",
            remedy="Name items, give scales as a mapping from name to items, a model, or a codebook.",
            code="no-items",
        )
    sets = {name: names for name, names in sets.items() if names}
    require_columns(survey.frame, all_items(sets))
    return sets


def all_items(sets: ItemSets) -> tuple[str, ...]:
    """Return the items of all sets, each once, in order."""
    return _unique([name for names in sets.values() for name in names])


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for name in ((names,) if isinstance(names, str) else names)))


def _sets_of_model(model: Model) -> ItemSets:
    parameters = read_model(model).syntax.parameters
    latent = set(classify_variables(parameters).latent)
    sets: dict[str, list[str]] = {}
    for parameter in parameters:
        if parameter.op == "=~" and parameter.rhs not in latent:
            sets.setdefault(parameter.lhs, []).append(parameter.rhs)
    if not sets:
        raise ModelError(
            "The model has no factor that observed items measure.",
            remedy="Write one, such as f =~ x1 + x2 + x3, or name items.",
            code="no-factor",
        )
    return {factor: _unique(names) for factor, names in sets.items()}


def _constructs(survey: Survey) -> ItemSets:
    return {name: _items_of(survey, name) for name in _construct_names(survey)}


def _construct_names(survey: Survey) -> tuple[str, ...]:
    if survey.codebook is None:
        return ()
    return tuple(dict.fromkeys(item.construct for item in survey.codebook.items if item.construct))


def _items_of(survey: Survey, construct: str) -> tuple[str, ...]:
    assert survey.codebook is not None
    columns = survey.frame.columns
    return tuple(item.name for item in survey.codebook.items if item.construct == construct and item.name in columns)


def _named(survey: Survey, names: Sequence[str]) -> ItemSets:
    """Return a set for each construct that is named, and one of all single items."""
    columns, constructs = [str(name) for name in survey.frame.columns], _construct_names(survey)
    wanted = _unique(names)
    sets = {name: _items_of(survey, name) for name in wanted if name in constructs and name not in columns}
    faults = [f"{name}: the data have none of its items" for name, items in sets.items() if not items]
    for name in wanted:
        if name not in sets and name not in columns:
            faults.append(f"{name}: not in the data.{suggest(name, [*columns, *constructs])}")
    if faults:
        raise ModelError(
            "Some names are neither items in the data nor constructs of the codebook.",
            faults=faults,
            remedy=f"Columns: {shortened(columns, 12)}. Constructs: {shortened(constructs, 14) or 'none'}.",
            code="unknown-variable",
        )
    single = [name for name in wanted if name not in sets]
    return {**sets, **({UNNAMED: tuple(single)} if single else {})}
