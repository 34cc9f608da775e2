"""The model language: what is rendered parses back, and no text breaks the parser."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustsem.errors import ModelError
from trustsem.syntax import (
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
    parse_model,
    render_expression,
    render_model,
    without_spans,
)

ORACLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "oracles"
HERE = Span(0, 0, 1, 1)

NAMES = st.sampled_from(
    ["x1", "x2", "y", "f", "trust.a", "_v", ".p3.", "信任", "élan", "start", "c", "e5", "i1e3", "group", "भरोसा"]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_characters='"\r\n', exclude_categories=("Cs",)), min_size=1, max_size=8)


def per_group(values: st.SearchStrategy) -> st.SearchStrategy[tuple]:
    """Return tuples of one to three values, None among them, not all None."""
    some = st.lists(st.one_of(values, st.none()), min_size=1, max_size=3).map(tuple)
    return some.filter(lambda items: any(item is not None for item in items))


MODIFIER_VALUES = {
    ModifierKind.FIX: st.one_of(per_group(NUMBERS), st.just((None,)), st.just((None, None))),
    ModifierKind.LABEL: per_group(st.one_of(NAMES, TEXTS)),
    ModifierKind.START: per_group(NUMBERS),
    ModifierKind.EQUAL: per_group(TEXTS),
    ModifierKind.LOWER: per_group(st.floats(allow_nan=False)),
    ModifierKind.UPPER: per_group(st.floats(allow_nan=False)),
    ModifierKind.RV: TEXTS.map(lambda text: (text,)),
}


@st.composite
def modifiers(draw: st.DrawFn) -> tuple[Modifier, ...]:
    kinds = draw(st.lists(st.sampled_from(list(MODIFIER_VALUES)), max_size=3, unique=True))
    return tuple(Modifier(kind, draw(MODIFIER_VALUES[kind]), HERE) for kind in kinds)


@st.composite
def parameters(draw: st.DrawFn, block: Block | None) -> Parameter:
    op = draw(st.sampled_from(["=~", "<~", "~", "~~", "~1", "|", "~*~"]))
    lhs = draw(NAMES)
    rhs = draw(NAMES)
    if op == "~1":
        rhs = ""
    elif op == "|":
        rhs = f"t{draw(st.integers(1, 12))}"
    elif op == "~*~":
        rhs = lhs
    elif op in ("~", "~~") and draw(st.booleans()):
        rhs = f"{rhs}:{draw(NAMES)}"
    given_modifiers = draw(modifiers())
    if op == "=~" and rhs == lhs:
        given_modifiers = (Modifier(ModifierKind.FIX, (0.0,), HERE),)
    elif op == "=~" and draw(st.booleans()):
        given_modifiers = (Modifier(ModifierKind.EFA, (draw(TEXTS),), HERE), *given_modifiers)
    return Parameter(lhs, op, rhs, given_modifiers, HERE, HERE, block)


@st.composite
def block_lists(draw: st.DrawFn) -> list[Block | None]:
    places = count()
    value = st.one_of(NAMES, st.integers(1, 9).map(str), st.sampled_from(["Grant-White", "a b", "2nd", "1e5", "－"]))
    blocks: list[Block | None] = [None]
    levels = draw(st.integers(0, 2))
    groups = draw(st.integers(0, 2))
    for _ in range(max(1, groups)):
        outer = Block("group", draw(value), Span(next(places), 0, 1, 1)) if groups else None
        blocks += [outer] if outer else []
        blocks += [Block("level", draw(value), Span(next(places), 0, 1, 1), outer) for _ in range(levels)]
    return blocks


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        st.floats(0, allow_nan=False, allow_infinity=False).map(lambda value: Number(value, HERE)),
        NAMES.map(lambda name: Symbol(name, HERE)),
    ),
    lambda inner: st.one_of(
        st.builds(Unary, st.sampled_from("+-"), inner, st.just(HERE)),
        st.builds(Binary, st.sampled_from("+-*/^"), inner, inner, st.just(HERE)),
        st.builds(Call, st.sampled_from(["exp", "qnorm"]), inner.map(lambda argument: (argument,)), st.just(HERE)),
        st.builds(Call, st.just("max"), st.lists(inner, min_size=1, max_size=3).map(tuple), st.just(HERE)),
    ),
    max_leaves=12,
)


@st.composite
def models(draw: st.DrawFn) -> ModelSyntax:
    blocks = draw(block_lists())
    written = [
        parameter for block in blocks for parameter in draw(st.lists(parameters(block), max_size=5 if block else 4))
    ]
    definitions = [
        Definition(draw(NAMES), expression, render_expression(expression), HERE)
        for expression in draw(st.lists(EXPRESSIONS, min_size=1, max_size=3))
    ]
    constraints = []
    for _ in range(draw(st.integers(0, 2))):
        left, right = draw(EXPRESSIONS), draw(EXPRESSIONS)
        op = draw(st.sampled_from(["==", "<", ">"]))
        constraints.append(Constraint(op, left, right, render_expression(left), render_expression(right), HERE))
    return ModelSyntax(
        "", tuple(written), tuple(definitions), tuple(constraints), tuple(block for block in blocks if block)
    )


@settings(deadline=None, max_examples=60)
@given(models())
def test_rendered_models_parse_back(model: ModelSyntax) -> None:
    assert without_spans(parse_model(render_model(model))) == without_spans(model)


@settings(deadline=None, max_examples=60)
@given(EXPRESSIONS)
def test_rendered_expressions_parse_back(expression: Expression) -> None:
    again = parse_model(f"d := {render_expression(expression)}").definitions[0].expression
    assert render_expression(again) == render_expression(expression)
    model = ModelSyntax("", (), (Definition("d", expression, "", HERE),))
    parsed = parse_model(render_model(model)).definitions[0]
    stripped = without_spans(ModelSyntax("", (), (Definition("d", parsed.expression, "", HERE),)))
    assert stripped == without_spans(model)


FRAGMENTS = st.sampled_from(
    [
        *["x", "f", "y1", "1", "0.5", "2x", "NA", "Inf", '"a"', "'", "=~", "~", "~~", ":=", "==", "<", ">", "|", "~*~"],
        *["<~", "+", "-", "*", "/", "^", "(", ")", ",", ":", "?", ";", "\n", "\r\n", " ", "#", "!", "!=", "=", "->"],
        *["c(", "start(", "efa(", "rep(", "exp(", "group:", "level: 1", "＋", "～", "@", "信任", "\u0940", "\u200d"],
        *["\ufeff", "\x00", "1e999", ".", "..", "t1", "BY", "1e-3", "\t", "\u3000", "\ud800"],
    ]
)


@settings(deadline=None, max_examples=250)
@given(st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=14).map("".join)))
def test_no_text_raises_anything_but_a_model_error(text: str) -> None:
    model, code = parse_or_code(text)
    if model is None:
        assert code in ("syntax", "empty-model")
    else:
        assert without_spans(parse_model(render_model(model))) == without_spans(model)


def parse_or_code(text: str) -> tuple[ModelSyntax | None, str | None]:
    """Return the model, or the code of the error; the error's text must be printable."""
    try:
        return parse_model(text), None
    except ModelError as error:
        str(error).encode("utf-8")
        return None, error.code


BUNDLE = [
    "visual =~ x1 + a*x2 + start(.8)*x3\nvisual ~~ 1*visual; x1 ~ c(i1, i2)*1",
    "i =~ 1*t1 + 1*t2 + 1*t3\ns =~ 0*t1 + 1*t2 + 2*t3\ni + s ~ 1 + z",
    "y1 | a*t1 + t2 + 0*t3\ny1 ~*~ c(1, NA)*y1",
    "group: Pasteur\nf =~ x1 + x2\ngroup: Grant-White\nf =~ x1 + l*x2",
    "level: within\nfw =~ y1 + y2\nlevel: between\nfb =~ y1 + y2\nfb ~ w\nicc := a/(a+b)",
    'efa("b")*f1 + efa("b")*f2 =~ x1 + x2 + x3\nf1 ~ rv("s")*f2 + x1:x2',
    "信任 =~ 医生 + b*医院\n使用 ~ a*信任\n间接 := a*b\na + b == 1; a > -1; exp(-a^2) < 3",
    "f =~ 0\nf ~ x1 + lower(0)*upper(1)*x2 + 0.5?x3",
]


def assert_stable(text: str) -> None:
    """Assert that a parsed model survives rendering, and that rendering a rendered text changes nothing."""
    model = parse_model(text)
    rendered = render_model(model)
    again = parse_model(rendered)
    assert without_spans(again) == without_spans(model)
    assert render_model(again) == rendered


@pytest.mark.parametrize("text", BUNDLE)
def test_bundle_is_stable(text: str) -> None:
    assert_stable(text)


def test_oracle_models_are_stable() -> None:
    if not ORACLES.is_dir():
        pytest.skip("the shared oracles are not beside this checkout")
    texts = {json.loads(path.read_text(encoding="utf-8")).get("model") for path in ORACLES.glob("*.json")}
    models_with_text = [text for text in texts if isinstance(text, str)]
    assert len(models_with_text) > 10
    for text in models_with_text:
        assert_stable(text)
