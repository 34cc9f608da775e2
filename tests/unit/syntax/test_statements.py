"""Lines, comments, separators, continuation and blocks."""

from __future__ import annotations

import pytest

from trustsem.syntax import parse_model


def rows(text: str) -> list[tuple[str, str, str]]:
    return [(p.lhs, p.op, p.rhs) for p in parse_model(text).parameters]


TWO_TERMS = [("y", "~", "x"), ("y", "~", "z")]
TWO_FORMULAS = [("y", "~", "x"), ("z", "~", "x")]


@pytest.mark.parametrize(
    "text",
    [
        "y ~ x +\n z",
        "y ~ x\n + z",
        "y ~\n x + z",
        "y\n~ x + z",
        "y ~ x +\n\n  # between\n! and again\n z",
        "y ~ x + # why\n z",
        "y ~ x +\r\n z",
        "y ~ x +\r z",
        "y ~\n + x\n + z",
        "\ufeffy ~ x + z",
        "\ty\t~\tx + z\t",
        "y ~ x\u3000+\u00a0z",
        "y ~ x + z;;\n;",
    ],
)
def test_formula_over_lines(text: str) -> None:
    assert rows(text) == TWO_TERMS


@pytest.mark.parametrize(
    "text",
    [
        "y ~ x; z ~ x",
        "y ~ x\nz ~ x",
        "y ~ x\r\nz ~ x\r\n",
        "y ~ x\rz ~ x",
        "y ~ x # c ; d ~ e\nz ~ x ! f ~ g",
        "!====== title ======\ny ~ x\n!= another\nz ~ x",
        "  y ~ x  ;  z ~ x  # end",
    ],
)
def test_separate_formulas(text: str) -> None:
    assert rows(text) == TWO_FORMULAS


@pytest.mark.parametrize("text", ["y ~ start(\n.5\n)*x", "y ~ c(a,\n b)*x", "y ~ a *\n x", "y ~ a\n * x"])
def test_modifier_over_lines(text: str) -> None:
    parameter = parse_model(text).parameters[0]
    assert (parameter.lhs, parameter.rhs, len(parameter.modifiers)) == ("y", "x", 1)


def test_line_that_starts_with_minus() -> None:
    model = parse_model("y ~ a*x + b*z\nd := a\n - b\n-1 < a")
    assert model.definitions[0].text == "a-b"
    assert (model.constraints[0].left_text, model.constraints[0].right_text) == ("-1", "a")


def test_line_that_starts_with_plus() -> None:
    model = parse_model("y ~ a*x\n+ b*z\n+a < b\nc\n+ d == 1")
    assert [p.rhs for p in model.parameters] == ["x", "z"]
    assert [c.left_text for c in model.constraints] == ["+a", "c+d"]


def test_bracket_over_lines_before_the_operator() -> None:
    constraint = parse_model("(a +\n b) == 1").constraints[0]
    assert constraint.left_text == "(a+b)"


def test_line_end_in_expression() -> None:
    assert parse_model("t := a*b\n + c").definitions[0].text == "a*b+c"


@pytest.mark.parametrize("value", ["1", "Pasteur", "within", "Grant-White", '"Grant White"', "'Grant White'", "三甲"])
@pytest.mark.parametrize("kind", ["group", "level", "Group", "LEVEL"])
def test_block_headers(kind: str, value: str) -> None:
    model = parse_model(f"{kind}: {value}\nf =~ x1")
    (block,) = model.blocks
    assert (block.kind, block.value, block.parent) == (kind.lower(), value.strip("\"'"), None)
    assert model.parameters[0].block == block


def test_levels_lie_in_groups() -> None:
    text = "a ~ b\ngroup: 1\nlevel: 1\nf =~ x\nlevel: 2\nf =~ x\ngroup: 2; level: 1; f =~ x; level: 2; f =~ x"
    model = parse_model(text)
    assert [(b.kind, b.value, b.parent.value if b.parent else None) for b in model.blocks] == [
        ("group", "1", None),
        ("level", "1", "1"),
        ("level", "2", "1"),
        ("group", "2", None),
        ("level", "1", "2"),
        ("level", "2", "2"),
    ]
    assert [p.block.span.start if p.block else None for p in model.parameters] == [
        None,
        *(block.span.start for block in model.blocks if block.kind == "level"),
    ]


def test_text_and_source_are_kept() -> None:
    model = parse_model("\ufeffy ~ x", source="m.sem")
    assert (model.text, model.source) == ("y ~ x", "m.sem")
