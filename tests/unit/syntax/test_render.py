"""Rendering: text that parses back to the same model."""

from __future__ import annotations

import pytest

from trustsem.errors import ModelError
from trustsem.syntax import (
    ModelSyntax,
    Modifier,
    ModifierKind,
    Parameter,
    Span,
    parse_model,
    render_model,
    without_spans,
)

HERE = Span(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("f=~x1+x2;g=~x3", "f =~ x1 + x2\ng =~ x3\n"),
        ("y ~ 1 + x", "y ~ 1\ny ~ x\n"),
        ("y ~ x\ny ~ a*x", "y ~ x\ny ~ a*x\n"),
        ("y ~ x\ny ~ z", "y ~ x + z\n"),
        ("f =~ a*start(.5)*x", "f =~ a*x + start(0.5)*x\n"),
        ("f =~ 1/3*x", "f =~ 0.3333333333333333*x\n"),
        ("f =~ label('a b')*x + label(\"NA\")*y", 'f =~ "a b"*x + "NA"*y\n'),
        ("f =~ c(a, NA)*x + c(NA, 1)*y", "f =~ c(a, NA)*x + c(NA, 1)*y\n"),
        ("f =~ lower(-Inf)*x + equal('f=~y')*y", 'f =~ lower(-Inf)*x + equal("f=~y")*y\n'),
        ("efa('b')*f + efa('b')*g =~ x", 'efa("b")*f =~ x\nefa("b")*g =~ x\n'),
        ("f =~ 0\nf ~ x", "f =~ 0\nf ~ x\n"),
        ("x ~ 0", "x ~ 0*1\n"),
        ("y ~ x # why\nt := ( a+ b )/2; a  ==b", "y ~ x\nt := (a+b)/2\na == b\n"),
        ("group: A\ngroup: 'b c'\ny ~ x", 'group: A\ngroup: "b c"\ny ~ x\n'),
        (
            "group: 1\nlevel: 1\ny ~ x\nlevel: 2\ny ~ x\ngroup: 2\nlevel: 1",
            "group: 1\nlevel: 1\ny ~ x\nlevel: 2\ny ~ x\ngroup: 2\nlevel: 1\n",
        ),
    ],
)
def test_canonical_text(text: str, rendered: str) -> None:
    model = parse_model(text)
    assert render_model(model) == rendered
    assert without_spans(parse_model(rendered)) == without_spans(model)


def test_long_lines_are_wrapped() -> None:
    items = " + ".join(f"item_number_{i}" for i in range(60))
    total = " + ".join(f"label_{i}" for i in range(60))
    model = parse_model(f"f =~ {items}\ntotal := {total}\n({total}) / 3 < 1")
    text = render_model(model)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert without_spans(parse_model(text)) == without_spans(model)


def test_name_that_cannot_be_quoted_is_refused() -> None:
    label = Modifier(ModifierKind.LABEL, ("a\"b'c",), HERE)
    model = ModelSyntax("", (Parameter("y", "~", "x", (label,), HERE, HERE),))
    with pytest.raises(ModelError, match="quotation marks"):
        render_model(model)


def test_a_long_constraint_that_starts_with_a_sign_stays_a_statement_of_its_own() -> None:
    """Symptom: wrapped before its operator, `+max(...) == 0` continued the definition above it."""
    numbers = ", ".join(str(10**k + 0.125) for k in range(14))
    text = f"y ~ a*x\nb := a\n+max(a, {numbers}, {numbers}) == 0\n-min(a, {numbers}) < 3"
    model = parse_model(text)
    assert without_spans(parse_model(render_model(model))) == without_spans(model)
