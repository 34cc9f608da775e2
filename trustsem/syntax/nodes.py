"""Nodes of a parsed model: what stands in the text, where it stands, and nothing the text does not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from trustsem.records import Finding


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the model text; `line` and `column` count from 1 and point at its start."""

    start: int
    end: int
    line: int
    column: int


class ModifierKind(Enum):
    """What a modifier in front of a variable asks for."""

    FIX = "fix"  # numbers; None (written NA) frees the parameter in that group
    LABEL = "label"
    START = "start"
    EQUAL = "equal"  # the name of another parameter, e.g. "f=~x2"
    LOWER = "lower"
    UPPER = "upper"
    EFA = "efa"
    RV = "rv"


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier; `values` holds one value for all groups or one per group."""

    kind: ModifierKind
    values: tuple[float | str | None, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One written parameter, e.g. `f =~ a*x1`.

    `op` is one of `=~ <~ ~ ~~ ~1 | ~*~`; `rhs` is "" for `~1` (lavaan's convention); an observed interaction keeps
    its written form `x1:x2`; a threshold's `rhs` is its name, e.g. `t1`.
    """

    lhs: str
    op: str
    rhs: str
    modifiers: tuple[Modifier, ...]
    span: Span  # the right-hand term (for `~1` the `1`), where a message points
    lhs_span: Span
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A `group:` or `level:` header and its value; nested headers keep their parent."""

    kind: str  # "group" or "level"
    value: str
    span: Span
    parent: Block | None = None


# --- expressions of `:=`, `==`, `<` and `>` ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric literal."""

    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """A label or the name of a defined parameter."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """A signed expression; `op` is "-" or "+"."""

    op: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """An arithmetic expression; `op` is one of `+ - * / ^`."""

    op: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function of expressions: exp, log, sqrt, abs, sin, cos, tan, pnorm, qnorm, min, max."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span


Expression = Number | Symbol | Unary | Binary | Call


@dataclass(frozen=True, slots=True)
class Definition:
    """A defined parameter, `name := expression`."""

    name: str
    expression: Expression
    text: str  # the expression as written, blanks normalised
    span: Span


@dataclass(frozen=True, slots=True)
class Constraint:
    """A relation between parameters, `left == right`, `left < right` or `left > right`."""

    op: str
    left: Expression
    right: Expression
    left_text: str
    right_text: str
    span: Span


@dataclass(frozen=True, slots=True)
class ModelSyntax:
    """A whole parsed model.

    `parameters` are in the order of the text, with the parts of one formula expanded (`f =~ x1 + x2` gives two) and
    repeated mentions of one variable in one formula merged into one entry with all their modifiers.
    """

    text: str
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    blocks: tuple[Block, ...] = field(default=())
    source: str | None = None  # file name for messages, None for text given directly
    findings: tuple[Finding, ...] = ()  # what can be read but was hardly meant
