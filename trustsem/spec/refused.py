"""What the model language can say and the engine cannot do yet: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trustsem.errors import ModelError
from trustsem.syntax.nodes import ModelSyntax, ModifierKind, Span


@dataclass(frozen=True, slots=True)
class RefusedFeature:
    """A construct of the model language that this version refuses, with what to do instead."""

    name: str
    example: str
    alternative: str


REFUSED: Mapping[str, RefusedFeature] = {
    feature.name: feature
    for feature in (
        RefusedFeature("formative factors", "f <~ x1 + x2", "Use a reflective factor (=~) or a mean score."),
        RefusedFeature("latent variables without indicators", "f =~ 0", "Give the latent variable its indicators."),
        RefusedFeature("exploratory blocks", 'efa("b")*f =~ x1 + x2', "Write which items load on which factor."),
        RefusedFeature("random slopes", 'y ~ rv("s")*x', "Use a fixed slope."),
        RefusedFeature("level blocks", "level: 1", "Fit a single-level model."),
    )
}

_OPERATORS = {"<~": "formative factors"}
_MODIFIERS = {
    ModifierKind.EFA: "exploratory blocks",
    ModifierKind.RV: "random slopes",
}


def refuse_unsupported(model: ModelSyntax) -> None:
    """Raise one error that names every construct of the model that the engine cannot do yet.

    Raises:
        ModelError: code "not-supported", with one fault per place.
    """
    faults = []
    seen = set()
    for name, span in _mentions(model):
        if (name, span.line) in seen:
            continue
        seen.add((name, span.line))
        where = f"{model.source or 'model'} line {span.line}, column {span.column}"
        faults.append(f"{where}: {name}. {REFUSED[name].alternative}")
    if faults:
        raise ModelError(
            "The model uses what this version cannot estimate yet.",
            faults=faults,
            remedy="`trustsem check --refused` prints the whole list.",
            code="not-supported",
        )


def _mentions(model: ModelSyntax) -> Iterator[tuple[str, Span]]:
    for parameter in model.parameters:
        if parameter.op in _OPERATORS:
            yield _OPERATORS[parameter.op], parameter.span
        if parameter.op == "=~" and parameter.lhs == parameter.rhs:  # how the parser gives `f =~ 0`
            yield "latent variables without indicators", parameter.span
        for modifier in parameter.modifiers:
            if modifier.kind in _MODIFIERS:
                yield _MODIFIERS[modifier.kind], modifier.span
    for block in model.blocks:
        if block.kind == "level":
            yield "level blocks", block.span
