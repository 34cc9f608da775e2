"""Faults that only show when all entries of a codebook are seen together."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from trustsem.instruments.codebook import Codebook, Scale, canonical_cell
from trustsem.instruments.entries import repeated
from trustsem.suggestions import shortened, suggest


def cross_check(codebook: Codebook, theory_constructs: Collection[str]) -> Iterator[str]:
    """Yield the faults between entries: repeated names, unknown constructs, codes that mean two things.

    Args:
        codebook: The codebook as built.
        theory_constructs: Identifiers that the theory defines.
    """
    yield from _name_faults(codebook)
    yield from _construct_faults(codebook, theory_constructs)
    yield from _missing_faults(codebook)
    yield from _label_faults(codebook)


def _name_faults(codebook: Codebook) -> Iterator[str]:
    if not codebook.items:
        yield "the file: no [[items]]; a codebook needs one item at least."
    variables = [*codebook.items, *codebook.covariates]
    names = [variable.name for variable in variables if variable.name]
    for name in repeated(names):
        yield f"name '{name}' is used {names.count(name)} times among items and covariates; names must be unique."
    for name in names:
        if not name.replace(".", "_").isidentifier():
            yield f"name '{name}' cannot stand in a model: use letters, digits, dots and underscores, no digit first."
    columns = [variable.column for variable in variables if variable.column]
    for column in repeated(columns):
        users = [variable.name for variable in variables if variable.column == column]
        if len(set(users)) > 1:
            yield f"column '{column}' is read by {', '.join(users)}; one column belongs to one variable."
    for clash in sorted(set(names) & set(codebook.construct_names)):
        yield f"name '{clash}' is a construct and a variable at once."


def _construct_faults(codebook: Codebook, theory_constructs: Collection[str]) -> Iterator[str]:
    own = [construct.id for construct in codebook.constructs]
    for name in own:
        if name in theory_constructs:
            yield f"construct '{name}' is already defined by the theory; remove [constructs.{name}]."
        if name not in codebook.construct_names:
            yield f"construct '{name}' has no item."
    known = [*own, *theory_constructs]
    for item in codebook.items:
        if item.construct and item.construct not in known:
            yield (
                f"item '{item.name}': construct '{item.construct}' is not known.{suggest(item.construct, known)} "
                f"Use one of the theory or define [constructs.{item.construct}] in this file."
            )


def _missing_faults(codebook: Codebook) -> Iterator[str]:
    names = {variable.name for variable in (*codebook.items, *codebook.covariates)}
    for code in codebook.missing:
        shown = code.pattern if code.code is None else code.code
        for name in code.only:
            if name not in names:
                yield f"missing code '{shown}': 'only' names '{name}', which is not here.{suggest(name, names)}"
    exact = [(code.code, code.only) for code in codebook.missing if code.code is not None]
    for shown, only in repeated(exact):
        scope = f" for {shortened(only)}" if only else ""
        yield f"missing code '{shown}' is given more than once{scope}."
    for name, scale in _scaled(codebook):
        answers = [canonical_cell(point) for point in scale.points]
        answers += [canonical_cell(label) for label in (*scale.labels_en, *scale.labels_zh)]
        index = codebook.missing_index(name)
        both = [answer for answer in answers if index.find(answer)]
        if both:
            yield f"'{name}': {shortened(both)} is an answer of scale '{scale.name}' and a missing code at once."


def _label_faults(codebook: Codebook) -> Iterator[str]:
    for scale in codebook.scales:
        meanings: dict[str, set[float]] = {}
        for labels in (scale.labels_en, scale.labels_zh):
            for point, label in zip(scale.points, labels, strict=False):
                meanings.setdefault(canonical_cell(label), set()).add(point)
        for point in scale.points:
            meanings.setdefault(canonical_cell(point), set()).add(point)
        for label, points in meanings.items():
            if len(points) > 1:
                yield f"scale '{scale.name}': '{label}' stands for {len(points)} points."


def _scaled(codebook: Codebook) -> Iterator[tuple[str, Scale]]:
    for variable in (*codebook.items, *codebook.covariates):
        if variable.scale is not None:
            yield variable.name, variable.scale
