"""Definitions and constraints: precedence, spans, the written form."""

from __future__ import annotations

import pytest

from trustsem.errors import ModelError
from trustsem.syntax import Binary, Call, Expression, Number, Symbol, Unary, parse_model, render_expression


def parse(text: str) -> Expression:
    return parse_model(f"d := {text}").definitions[0].expression


def bracketed(expression: Expression) -> str:
    """Write every operation with its brackets, so that a test shows the tree."""
    if isinstance(expression, Number):
        return f"{expression.value:g}"
    if isinstance(expression, Symbol):
        return expression.name
    if isinstance(expression, Unary):
        return f"({expression.op}{bracketed(expression.operand)})"
    if isinstance(expression, Binary):
        return f"({bracketed(expression.left)}{expression.op}{bracketed(expression.right)})"
    assert isinstance(expression, Call)
    return f"{expression.name}({', '.join(bracketed(argument) for argument in expression.arguments)})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b*c", "(a+(b*c))"),
        ("a - b - c", "((a-b)-c)"),
        ("a / b / c", "((a/b)/c)"),
        ("a / b * c", "((a/b)*c)"),
        ("a - (b - c)", "(a-(b-c))"),
        ("a^b^c", "(a^(b^c))"),
        ("(a^b)^c", "((a^b)^c)"),
        ("-a^2", "(-(a^2))"),
        ("a^-2", "(a^(-2))"),
        ("a^-b*c", "((a^(-b))*c)"),
        ("a^-b^c", "(a^(-(b^c)))"),
        ("-a*b", "((-a)*b)"),
        ("a*-b", "(a*(-b))"),
        ("--a", "(-(-a))"),
        ("+a - +b", "((+a)-(+b))"),
        ("exp(a) / (1 + exp(a))", "(exp(a)/(1+exp(a)))"),
        ("min(a, b + c, 1e-3)", "min(a, (b+c), 0.001)"),
        ("exp*2", "(exp*2)"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    expression = parse(text)
    assert bracketed(expression) == tree
    assert bracketed(parse(render_expression(expression))) == tree


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "abs", "sin", "cos", "tan", "pnorm", "qnorm", "min", "max"])
def test_functions(name: str) -> None:
    assert bracketed(parse(f"{name}(a)")) == f"{name}(a)"


def test_render_writes_the_fewest_brackets() -> None:
    assert render_expression(parse("((a*b)) + (c*(d + e))^(-(f)) - (g - h)")) == "a*b+(c*(d+e))^-f-(g-h)"


def test_definition_keeps_what_was_written() -> None:
    text = "y ~ a*x\n  total := c + (a * b)"
    definition = parse_model(text).definitions[0]
    assert (definition.name, definition.text) == ("total", "c+(a*b)")
    assert text[definition.span.start : definition.span.end] == "total := c + (a * b)"


@pytest.mark.parametrize("op", ["==", "<", ">"])
def test_constraints(op: str) -> None:
    constraint = parse_model(f"a + b {op} 2 * c").constraints[0]
    assert (constraint.op, constraint.left_text, constraint.right_text) == (op, "a+b", "2*c")


@pytest.mark.parametrize(
    ("text", "phrase", "column"),
    [
        ("d := ", "Nothing follows `:=`", 3),
        ("d := a +", "Nothing follows `+`", 8),
        ("d := a b", "Expected an operator after `a`", 8),
        ("d := 2 a", "`2*a`", 8),
        ("d := 2a", "neither a number nor a name", 6),
        ("d := (a", "never closed", 6),
        ("d := a)", "never opened", 7),
        ("d := * a", "found `*`", 6),
        ("d := sqr(a)", "Did you mean 'sqrt'", 6),
        ("d := foo(a)", "exp, log, sqrt", 6),
        ("d := exp()", "one argument, 0 given", 6),
        ("d := log(a, b)", "one argument, 2 given", 6),
        ("d := max()", "one argument or more", 6),
        ("d := 'a'", "cannot stand in an expression", 6),
        ("d := NA", "cannot stand in an expression", 6),
        ("d := a**2", "`^`", 7),
        ("d := 1e999", "too large", 6),
        ("d + e := a", "one new name before `:=`", 1),
        (":= a", "one new name before `:=`", 1),
        ("NA := a", "cannot be the name", 1),
        ("== a", "before `==`", 1),
        ("a ==", "Nothing follows `==`", 3),
        ("0 < a < 1", "0 < a; a < 1", 7),
        ("a == b == c", "second operator", 8),
        ("a <= b", "Write `<`", 3),
        ("a >= b", "Write `>`", 3),
        ("a != b", "`==`, `<` and `>`", 3),
        ("a <-1", "`< -1`", 3),
    ],
)
def test_errors(text: str, phrase: str, column: int) -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(text)
    assert caught.value.code == "syntax"
    assert f"model line 1, column {column}:" in caught.value.message
    assert phrase in str(caught.value)


@pytest.mark.parametrize("text", ["(" * 5000 + "a" + ")" * 5000, "-" * 5000 + "a", "^".join(["a"] * 5000)])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="levels deep"):
        parse(text)


def test_long_chain_is_refused_and_a_reasonable_one_is_not() -> None:
    assert render_expression(parse("+".join(["a"] * 200))).count("+") == 199
    with pytest.raises(ModelError, match="more than 200 operations"):
        parse("+".join(["a"] * 20_000))
