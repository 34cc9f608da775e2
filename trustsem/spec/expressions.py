"""Values and exact derivatives of the expressions in `:=` and `==`, by forward differentiation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_cdf, normal_quantile
from trustsem.syntax.nodes import Binary, Call, Expression, Number, Symbol, Unary

Gradient = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dual:
    """A value with its gradient with respect to the free parameters."""

    value: float
    gradient: Gradient  # (n_free,)


def symbols_in(expression: Expression) -> tuple[Symbol, ...]:
    """Return every mention of a name in an expression, from left to right."""
    if isinstance(expression, Symbol):
        return (expression,)
    if isinstance(expression, Unary):
        return symbols_in(expression.operand)
    if isinstance(expression, Binary):
        return (*symbols_in(expression.left), *symbols_in(expression.right))
    if isinstance(expression, Call):
        return tuple(symbol for argument in expression.arguments for symbol in symbols_in(argument))
    return ()


def evaluate(expression: Expression, names: Mapping[str, Dual], n_free: int) -> Dual:
    """Evaluate an expression with its gradient; a value outside a function's domain gives NaN, never an exception.

    Args:
        expression: Parsed right-hand side of `:=` or a side of `==`.
        names: Value and gradient of every name the expression mentions.
        n_free: Length of the gradients.
    """
    if isinstance(expression, Number):
        return Dual(expression.value, np.zeros(n_free))
    if isinstance(expression, Symbol):
        return names[expression.name]
    if isinstance(expression, Unary):
        inner = evaluate(expression.operand, names, n_free)
        return Dual(-inner.value, -inner.gradient) if expression.op == "-" else inner
    if isinstance(expression, Binary):
        left = evaluate(expression.left, names, n_free)
        right = evaluate(expression.right, names, n_free)
        with np.errstate(all="ignore"):
            return _BINARY[expression.op](left, right)
    arguments = [evaluate(argument, names, n_free) for argument in expression.arguments]
    with np.errstate(all="ignore"):
        return _call(expression.name, arguments)


def _add(a: Dual, b: Dual) -> Dual:
    return Dual(a.value + b.value, a.gradient + b.gradient)


def _subtract(a: Dual, b: Dual) -> Dual:
    return Dual(a.value - b.value, a.gradient - b.gradient)


def _multiply(a: Dual, b: Dual) -> Dual:
    return Dual(a.value * b.value, a.gradient * b.value + b.gradient * a.value)


def _divide(a: Dual, b: Dual) -> Dual:
    if b.value == 0:
        return _undefined(a)
    quotient = a.value / b.value
    return Dual(quotient, (a.gradient - quotient * b.gradient) / b.value)


def _power(a: Dual, b: Dual) -> Dual:
    if not b.gradient.any():
        value = float(np.float64(a.value) ** b.value)
        slope = b.value * float(np.float64(a.value) ** (b.value - 1)) if b.value != 0 else 0.0
        return Dual(value, slope * a.gradient)
    if a.value <= 0:
        return _undefined(a)
    value = float(np.float64(a.value) ** b.value)
    return Dual(value, value * (b.gradient * math.log(a.value) + b.value * a.gradient / a.value))


def _undefined(like: Dual) -> Dual:
    return Dual(math.nan, np.full_like(like.gradient, np.nan))


_BINARY: Mapping[str, Callable[[Dual, Dual], Dual]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "^": _power,
}

_SQRT_2PI = math.sqrt(2 * math.pi)


def _normal_density(x: float) -> float:
    return math.exp(-x * x / 2) / _SQRT_2PI


# function -> (value, derivative), both of one argument
_UNARY: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (lambda x: float(np.exp(x)), lambda x: float(np.exp(x))),
    "log": (lambda x: float(np.log(x)), lambda x: float(np.divide(1.0, x))),
    "sqrt": (lambda x: float(np.sqrt(x)), lambda x: float(np.divide(0.5, np.sqrt(x)))),
    "abs": (abs, lambda x: float(np.sign(x))),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "tan": (math.tan, lambda x: 1 + math.tan(x) ** 2),
    "pnorm": (normal_cdf, _normal_density),
    "qnorm": (normal_quantile, lambda x: 1 / _normal_density(normal_quantile(x))),
}


def _call(name: str, arguments: list[Dual]) -> Dual:
    if name in ("min", "max"):
        pick = min if name == "min" else max
        return pick(arguments, key=lambda argument: argument.value)
    value, derivative = _UNARY[name]
    (argument,) = arguments
    return Dual(value(argument.value), derivative(argument.value) * argument.gradient)


@dataclass(frozen=True, slots=True)
class LinearForm:
    """`constant + sum(coefficient * name)`."""

    coefficients: Mapping[str, float]
    constant: float


def linear_form(expression: Expression) -> LinearForm | None:
    """Return the expression as a linear form of its names, or None where it is not linear.

    Example:
        >>> from trustsem.syntax import parse_model
        >>> constraint = parse_model("y ~ a*x + b*z\\na == 2*b - 1").constraints[0]
        >>> linear_form(constraint.right)
        LinearForm(coefficients={'b': 2.0}, constant=-1.0)
    """
    if isinstance(expression, Number):
        return LinearForm({}, float(expression.value))
    if isinstance(expression, Symbol):
        return LinearForm({expression.name: 1.0}, 0.0)
    if isinstance(expression, Unary):
        inner = linear_form(expression.operand)
        return inner if inner is None or expression.op == "+" else _scale(inner, -1.0)
    if isinstance(expression, Binary):
        return _linear_binary(expression)
    return _linear_call(expression)


def _linear_binary(expression: Binary) -> LinearForm | None:
    left, right = linear_form(expression.left), linear_form(expression.right)
    if left is None or right is None:
        return None
    if expression.op in "+-":
        return _combine(left, right, 1.0 if expression.op == "+" else -1.0)
    if expression.op == "*" and not left.coefficients:
        return _scale(right, left.constant)
    if expression.op == "*" and not right.coefficients:
        return _scale(left, right.constant)
    if expression.op == "/" and not right.coefficients and right.constant != 0:
        return _scale(left, 1 / right.constant)
    if expression.op == "^" and not left.coefficients and not right.coefficients:
        value = float(np.float64(left.constant) ** right.constant)
        return LinearForm({}, value) if math.isfinite(value) else None
    if expression.op == "^" and not right.coefficients and right.constant == 1:
        return left
    return None


def _linear_call(expression: Call) -> LinearForm | None:
    arguments = [linear_form(argument) for argument in expression.arguments]
    if any(argument is None or argument.coefficients for argument in arguments):
        return None
    value = evaluate(expression, {}, 0).value
    return LinearForm({}, value) if math.isfinite(value) else None


def _scale(form: LinearForm, factor: float) -> LinearForm:
    return LinearForm({name: factor * value for name, value in form.coefficients.items()}, factor * form.constant)


def _combine(left: LinearForm, right: LinearForm, sign: float) -> LinearForm:
    coefficients = dict(left.coefficients)
    for name, value in right.coefficients.items():
        coefficients[name] = coefficients.get(name, 0.0) + sign * value
    return LinearForm(
        {name: value for name, value in coefficients.items() if value != 0}, left.constant + sign * right.constant
    )


def substitute(expression: Expression, definitions: Mapping[str, Expression]) -> Expression:
    """Replace names that are defined with `:=` by their expressions, through any number of steps.

    Cyclic definitions are the caller's to refuse beforehand.
    """
    if isinstance(expression, Symbol):
        inner = definitions.get(expression.name)
        return expression if inner is None else substitute(inner, definitions)
    if isinstance(expression, Unary):
        return Unary(expression.op, substitute(expression.operand, definitions), expression.span)
    if isinstance(expression, Binary):
        left, right = substitute(expression.left, definitions), substitute(expression.right, definitions)
        return Binary(expression.op, left, right, expression.span)
    if isinstance(expression, Call):
        arguments = tuple(substitute(argument, definitions) for argument in expression.arguments)
        return Call(expression.name, arguments, expression.span)
    return expression
