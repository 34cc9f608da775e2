"""What a model says, apart from where in the text it says it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from trustsem.syntax.nodes import ModelSyntax, Span

_NOWHERE = Span(0, 0, 1, 1)


def without_spans(model: ModelSyntax) -> ModelSyntax:
    """Return the model with every span set to the same place and without text, source and findings.

    Two texts say the same where the results are equal.

    Example:
        >>> from trustsem.syntax.parser import parse_model
        >>> one, two = parse_model("y ~ x"), parse_model("# a comment\\n y ~  x")
        >>> one == two, without_spans(one) == without_spans(two)
        (False, True)
    """
    return replace(_strip(model), text="", source=None, findings=())


def _strip(value: Any) -> Any:
    if isinstance(value, Span):
        return _NOWHERE
    if isinstance(value, tuple):
        return tuple(_strip(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _strip(getattr(value, field.name)) for field in fields(value)})
    return value
