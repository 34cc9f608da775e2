"""Defined parameters (`:=`): their order of evaluation and the names they may use."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trustsem.errors import ModelError
from trustsem.spec.expressions import symbols_in
from trustsem.spec.written import place
from trustsem.suggestions import suggest
from trustsem.syntax.nodes import Definition, ModelSyntax


def order_definitions(model: ModelSyntax, labels: Collection[str]) -> tuple[Definition, ...]:
    """Return the definitions in an order in which each uses only labels and earlier ones.

    Raises:
        ModelError: a name defined twice, an unknown label, or definitions that run in a circle; all at once.
    """
    by_name = {definition.name: definition for definition in model.definitions}
    faults = [*_repeated(model), *_unknown(model, labels, by_name)]
    ordered = _sort(by_name)
    if len(ordered) < len(by_name):
        circle = sorted(set(by_name) - {definition.name for definition in ordered})
        faults.append(f"these definitions need each other: {', '.join(circle)}")
    if faults:
        raise ModelError("Definitions (:=) cannot be evaluated.", faults=faults, code="definition")
    return ordered


def _repeated(model: ModelSyntax) -> list[str]:
    seen: set[str] = set()
    faults = []
    for definition in model.definitions:
        if definition.name in seen:
            faults.append(f"{place(model, definition.span)}: '{definition.name}' is defined a second time")
        seen.add(definition.name)
    return faults


def _unknown(model: ModelSyntax, labels: Collection[str], by_name: Mapping[str, Definition]) -> list[str]:
    known = {*labels, *by_name}
    faults = []
    for definition in model.definitions:
        for symbol in symbols_in(definition.expression):
            if symbol.name not in known:
                advice = (
                    suggest(symbol.name, sorted(known - {definition.name}))
                    or " Put the label on a parameter first: a*x."
                )
                faults.append(f"{place(model, symbol.span)}: no parameter carries the label '{symbol.name}'.{advice}")
    return faults


def _sort(by_name: Mapping[str, Definition]) -> tuple[Definition, ...]:
    ordered: dict[str, Definition] = {}
    pending = dict(by_name)
    while pending:
        ready = [
            name
            for name, definition in pending.items()
            if all(s.name not in pending for s in symbols_in(definition.expression))
        ]
        if not ready:
            break
        for name in ready:
            ordered[name] = pending.pop(name)
    return tuple(ordered.values())
