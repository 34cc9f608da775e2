"""The value of an expression without names, as `1/2` or `sqrt(10)` in front of a variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from trustsem.syntax.faults import FaultFoundError
from trustsem.syntax.nodes import Binary, Call, Expression, Number, Symbol, Unary


def _normal_quantile(probability: float) -> float:
    from statistics import NormalDist  # costs more to import than most models take to parse, and is rarely asked for

    return NormalDist().inv_cdf(probability)


_BINARY: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": math.pow,
}
_CALLS: Mapping[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": math.fabs,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "pnorm": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
    "qnorm": _normal_quantile,
    "min": lambda *values: float(min(values)),
    "max": lambda *values: float(max(values)),
}


def constant_value(expression: Expression) -> float:
    """Return the value of an expression that has no names in it.

    Raises:
        FaultFoundError: where a name stands in it or the value is not a finite number.
    """
    try:
        value = _fold(expression)
    except (ArithmeticError, ValueError):  # ValueError covers log(-1) and qnorm(2)
        value = math.nan
    if not math.isfinite(value):
        raise FaultFoundError(
            "This constant is not a finite number.", expression.span, "Check for a division by zero, log() or sqrt()."
        )
    return value


def _fold(expression: Expression) -> float:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Unary):
        value = _fold(expression.operand)
        return -value if expression.op == "-" else value
    if isinstance(expression, Binary):
        return _BINARY[expression.op](_fold(expression.left), _fold(expression.right))
    if isinstance(expression, Call):
        return _CALLS[expression.name](*(_fold(argument) for argument in expression.arguments))
    raise _label_in_arithmetic(expression)


def _label_in_arithmetic(symbol: Symbol) -> FaultFoundError:
    return FaultFoundError(
        f"The label `{symbol.name}` cannot take part in arithmetic in front of a variable.",
        symbol.span,
        f"Write `{symbol.name}*variable` and state the relation in its own line, as in `{symbol.name} == 2*b`.",
    )
