"""The model language: lavaan's syntax to nodes with their places in the text, and back to text.

The grammar is in `GRAMMAR.ebnf`. This package knows what a text says, not what it means for an estimator: defaults,
unknown variables and duplicates are matters of `trustsem.spec`.
"""

from __future__ import annotations

from trustsem.suggestions import closest_names, did_you_mean
from trustsem.syntax.nodes import (
    Binary,
    Block,
    Call,
    Constraint,
    Definition,
    Expression,
    ModelSyntax,
    Modifier,
    ModifierKind,
    Number,
    Parameter,
    Span,
    Symbol,
    Unary,
)
from trustsem.syntax.parser import parse_model
from trustsem.syntax.render import render_expression, render_model
from trustsem.syntax.structure import without_spans

__all__ = [
    "Binary",
    "Block",
    "Call",
    "Constraint",
    "Definition",
    "Expression",
    "ModelSyntax",
    "Modifier",
    "ModifierKind",
    "Number",
    "Parameter",
    "Span",
    "Symbol",
    "Unary",
    "closest_names",
    "did_you_mean",
    "parse_model",
    "render_expression",
    "render_model",
    "without_spans",
]
