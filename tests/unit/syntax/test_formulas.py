"""Every operator, term and merge of the model language, as lavaan reads it."""

from __future__ import annotations

import pytest

from trustsem.records import Severity
from trustsem.syntax import Modifier, ModifierKind, Parameter, parse_model


def rows(text: str) -> list[tuple[str, str, str]]:
    return [(p.lhs, p.op, p.rhs) for p in parse_model(text).parameters]


def only(text: str) -> Parameter:
    (parameter,) = parse_model(text).parameters
    return parameter


def said(parameter: Parameter) -> list[tuple[ModifierKind, tuple[float | str | None, ...]]]:
    return [(modifier.kind, modifier.values) for modifier in parameter.modifiers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f =~ x1 + x2", [("f", "=~", "x1"), ("f", "=~", "x2")]),
        ("f <~ x1 + x2", [("f", "<~", "x1"), ("f", "<~", "x2")]),
        ("y ~ x + z", [("y", "~", "x"), ("y", "~", "z")]),
        ("y1 ~~ y1 + y2", [("y1", "~~", "y1"), ("y1", "~~", "y2")]),
        ("y ~ 1", [("y", "~1", "")]),
        ("y ~ 1 + x", [("y", "~1", ""), ("y", "~", "x")]),
        ("y | t1 + t2", [("y", "|", "t1"), ("y", "|", "t2")]),
        ("y ~*~ y", [("y", "~*~", "y")]),
        ("y ~ x1:x2", [("y", "~", "x1:x2")]),
        ("y ~ x1 : x2", [("y", "~", "x1:x2")]),
        ("y ~~ x1:x2", [("y", "~~", "x1:x2")]),
        (
            "f1 + f2 =~ x1 + x2",
            [("f1", "=~", "x1"), ("f1", "=~", "x2"), ("f2", "=~", "x1"), ("f2", "=~", "x2")],
        ),
        ("x1 + x2 ~ 1", [("x1", "~1", ""), ("x2", "~1", "")]),
        ("y ~ x.1 + x_2 + .x3", [("y", "~", "x.1"), ("y", "~", "x_2"), ("y", "~", ".x3")]),
        ("信任 =~ 医生 + 医院", [("信任", "=~", "医生"), ("信任", "=~", "医院")]),
        ("भरोसा ~ डॉक्टर", [("भरोसा", "~", "डॉक्टर")]),
        ("y ~ x + + z", [("y", "~", "x"), ("y", "~", "z")]),
        ("c =~ start + label", [("c", "=~", "start"), ("c", "=~", "label")]),
    ],
)
def test_operators_give_lavaans_rows(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("f =~ 1*x", ModifierKind.FIX, (1.0,)),
        ("f =~ -1*x", ModifierKind.FIX, (-1.0,)),
        ("f =~ +.5*x", ModifierKind.FIX, (0.5,)),
        ("f =~ 1e-3*x", ModifierKind.FIX, (0.001,)),
        ("f =~ 1/2*x", ModifierKind.FIX, (0.5,)),
        ("f =~ 5*2*x", ModifierKind.FIX, (10.0,)),
        ("f =~ (1/2)*x", ModifierKind.FIX, (0.5,)),
        ("f =~ 2^-1*x", ModifierKind.FIX, (0.5,)),
        ("f =~ -2^2*x", ModifierKind.FIX, (-4.0,)),
        ("f =~ sqrt(16)*x", ModifierKind.FIX, (4.0,)),
        ("f =~ pnorm(0)*x", ModifierKind.FIX, (0.5,)),
        ("f =~ qnorm(.5)*x", ModifierKind.FIX, (0.0,)),
        ("f =~ max(1, 3, 2)*x", ModifierKind.FIX, (3.0,)),
        ("f =~ NA*x", ModifierKind.FIX, (None,)),
        ("f =~ c(0.6, NA)*x", ModifierKind.FIX, (0.6, None)),
        ("f =~ c(1/2, sqrt(4))*x", ModifierKind.FIX, (0.5, 2.0)),
        ("f =~ a*x", ModifierKind.LABEL, ("a",)),
        ("f =~ (a)*x", ModifierKind.LABEL, ("a",)),
        ('f =~ "my label"*x', ModifierKind.LABEL, ("my label",)),
        ("f =~ 'a#b;c'*x", ModifierKind.LABEL, ("a#b;c",)),
        ("f =~ c(a1, a2)*x", ModifierKind.LABEL, ("a1", "a2")),
        ('f =~ c("a1", NA)*x', ModifierKind.LABEL, ("a1", None)),
        ('f =~ c("", a2)*x', ModifierKind.LABEL, (None, "a2")),
        ('f =~ label("a")*x', ModifierKind.LABEL, ("a",)),
        ("f =~ label(c(a, b))*x", ModifierKind.LABEL, ("a", "b")),
        ('f =~ rep("a", 3)*x', ModifierKind.LABEL, ("a", "a", "a")),
        ("f =~ start(.8)*x", ModifierKind.START, (0.8,)),
        ("f =~ start(c(1.2, -0.6))*x", ModifierKind.START, (1.2, -0.6)),
        ("f =~ start(1, 2)*x", ModifierKind.START, (1.0, 2.0)),
        ("f =~ 0.5?x", ModifierKind.START, (0.5,)),
        ('f =~ equal("f=~x2")*x', ModifierKind.EQUAL, ("f=~x2",)),
        ('f =~ equal(c("f=~x2", ""))*x', ModifierKind.EQUAL, ("f=~x2", None)),
        ("f =~ lower(0)*x", ModifierKind.LOWER, (0.0,)),
        ("f =~ lower(-Inf)*x", ModifierKind.LOWER, (float("-inf"),)),
        ("f =~ upper(c(1, Inf))*x", ModifierKind.UPPER, (1.0, float("inf"))),
        ('f =~ rv("slope")*x', ModifierKind.RV, ("slope",)),
        ('efa("block")*f =~ x', ModifierKind.EFA, ("block",)),
        ("x ~ a*1", ModifierKind.LABEL, ("a",)),
        ("x ~ 0.5*1", ModifierKind.FIX, (0.5,)),
        ("x ~ 0", ModifierKind.FIX, (0.0,)),
        ("x | 0*t1", ModifierKind.FIX, (0.0,)),
        ("x ~*~ c(1, NA)*x", ModifierKind.FIX, (1.0, None)),
        ("y ~ a*x1:x2", ModifierKind.LABEL, ("a",)),
    ],
)
def test_modifier_forms(text: str, kind: ModifierKind, values: tuple[float | str | None, ...]) -> None:
    assert said(only(text)) == [(kind, values)]


def test_signed_numbers_between_terms() -> None:
    model = parse_model("f =~ -1*x1 + +.5*x2+1e+3*x3")
    assert [p.modifiers[0].values for p in model.parameters] == [(-1.0,), (0.5,), (1000.0,)]


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 + a*x1 + start(.8)*x1",
        "f =~ a*start(.8)*x1",
        "f =~ a*x1 + x1 + start(.8)*x1 + a*x1",
    ],
)
def test_modifiers_of_one_variable_are_merged(text: str) -> None:
    assert said(only(text)) == [(ModifierKind.LABEL, ("a",)), (ModifierKind.START, (0.8,))]


def test_repeated_variable_without_modifier_is_one_parameter() -> None:
    assert rows("y ~ x + x") == [("y", "~", "x")]


@pytest.mark.parametrize(
    ("text", "parameter", "column"),
    [
        ("f =~ x1 + x2 + x1", "f=~x1", 16),
        ("f =~ a*x1 + x1", "f=~x1", 13),
        ("f =~ a*x1 + a*x1", "f=~x1", 15),
        ("y ~ 1 + x + 1", "y~1", 13),
        ("y1 ~~ y2 + y2", "y1~~y2", 12),
        ("y + y ~ x", "y~x", 9),
    ],
)
def test_a_mention_that_adds_nothing_is_reported(text: str, parameter: str, column: int) -> None:
    (finding,) = parse_model(text).findings
    assert (finding.code, finding.severity, finding.parameter) == ("repeated-term", Severity.WARNING, parameter)
    assert f"Line 1 of the model, column {column}:" in finding.message


@pytest.mark.parametrize(
    "text", ["f =~ x1 + a*x1 + start(.8)*x1", "y1 + y2 ~~ y1 + y2", "y ~ x\ny ~ a*x", "f =~ x1 + x2", "y ~ x + 1"]
)
def test_a_mention_that_adds_something_is_not_reported(text: str) -> None:
    assert parse_model(text).findings == ()


def test_both_directions_of_a_covariance_in_one_formula_are_one_parameter() -> None:
    assert rows("y1 + y2 ~~ y1 + y2") == [("y1", "~~", "y1"), ("y1", "~~", "y2"), ("y2", "~~", "y2")]


def test_mentions_in_different_formulas_are_kept() -> None:
    model = parse_model("y ~ x\ny ~ a*x")
    assert [(p.rhs, len(p.modifiers), p.span.line) for p in model.parameters] == [("x", 0, 1), ("x", 1, 2)]


def test_modifiers_hold_for_every_left_hand_variable() -> None:
    assert [said(p) for p in parse_model("f1 + f2 =~ a*x").parameters] == [[(ModifierKind.LABEL, ("a",))]] * 2


def test_efa_blocks_belong_to_their_left_hand_variable() -> None:
    model = parse_model('efa("one")*f1 + efa("two")*f2 =~ x1 + x2')
    assert [(p.lhs, p.modifiers[0].values) for p in model.parameters] == [
        ("f1", ("one",)),
        ("f1", ("one",)),
        ("f2", ("two",)),
        ("f2", ("two",)),
    ]


def test_latent_variable_without_indicators_is_lavaans_row() -> None:
    phantom = only("f =~ 0")
    assert (phantom.lhs, phantom.op, phantom.rhs) == ("f", "=~", "f")
    assert said(phantom) == [(ModifierKind.FIX, (0.0,))]


def test_spans_point_at_the_tokens() -> None:
    text = "# title\n  f1 + f2 =~ x1 +\n\t.5*x2"
    last = parse_model(text).parameters[-1]
    assert (last.span.line, last.span.column) == (3, 5)
    assert text[last.span.start : last.span.end] == "x2"
    assert text[last.lhs_span.start : last.lhs_span.end] == "f2"
    (modifier,) = last.modifiers
    assert isinstance(modifier, Modifier)
    assert text[modifier.span.start : modifier.span.end] == ".5"
