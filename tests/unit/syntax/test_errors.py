"""Syntax errors: one clear error per text, with line, column, caret and what to write instead."""

from __future__ import annotations

import time

import pytest

from trustsem.errors import ModelError, UsageError
from trustsem.syntax import parse_model


def error_of(text: str, source: str | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        parse_model(text, source=source)
    return caught.value


@pytest.mark.parametrize(
    ("text", "phrase", "column"),
    [
        # --- missing or superfluous parts
        ("~~ x", "before `~~`", 1),
        ("y ~~", "after `~~`", 3),
        ("f =~ x1 +", "Nothing follows `+`", 9),
        ("f =~ x1 + + + x2", "another `+`", 13),
        ("f + =~ x", "Nothing follows `+`", 3),
        ("f =~ a*", "Nothing follows `*`", 7),
        ("f =~ *x", "Nothing stands before `*`", 6),
        ("f =~ a**x", "`^`", 7),
        ("y x", "no operator", 1),
        ("y ~ x ~ z", "second operator", 7),
        ("y ~ x | g", "Random effects", 7),
        ("y ~ x z", "`x + z`", 7),
        ("y ~ x, z", "joined by `+`", 6),
        ("y ~ x - z", "joined by `+`", 7),
        ("y ~ -x", "`-1*x`", 5),
        ("y ~ -a*x", "cannot take part in arithmetic", 6),
        ("y ~ (x + z)", "Brackets around variables", 5),
        ("y ~ x)", "never opened", 6),
        ("y ~ x^2", "compute it as a column", 6),
        ("y ~ log(x)", "`log(...)` is not a variable", 8),
        # --- numbers
        ("y ~ 2x1", "`2*x1`", 5),
        ("y ~ 1.2.3*x", "neither a number nor a name", 5),
        ("y ~ 2", "`2*1`", 5),
        ("y ~ -1", "minus sign", 5),
        ("f =~ 1", "`1*x1`", 6),
        ("f =~ 1/0*x", "not a finite number", 6),
        ("f =~ sqrt(-1)*x", "not a finite number", 6),
        ("f =~ Inf*x", "fixed at infinity", 6),
        ("f =~ 2*a/3*x", "cannot take part in arithmetic", 8),
        # --- names
        ("y ~ NA", "frees the parameter", 5),
        ("TRUE ~ x", "cannot be the name of a variable", 1),
        ('"y" ~ x', "no quotation marks", 1),
        ("y ~ x1:x2:x3", "has two variables", 5),
        ("x1:x2 ~ y", "cannot stand on the left", 1),
        ("f =~ f + x", "measured by itself", 6),
        ("y | a", "t1, t2, t3", 5),
        ("y ~*~ x", "repeats its variable", 7),
        ("y + x ~*~ x", "one variable on the left", 5),
        # --- modifiers
        ("y ~ c(a, 1)*x", "mixed", 5),
        ("y ~ c()*x", "empty", 5),
        ("y ~ c(a,,b)*x", "missing before `,`", 9),
        ("y ~ c(a=1, b=2)*x", "`=`", 8),
        ("y ~ start(a)*x", "takes numbers", 5),
        ("y ~ start(Inf)*x", "cannot be infinite", 5),
        ("y ~ label(1)*x", "mixed", 5),
        ("y ~ equal(2)*x", "takes text", 5),
        ('y ~ ""*x', "empty", 5),
        ("y ~ rv(a, b)*x", "takes one name", 5),
        ("y ~ c(start(1), 2)*x", "Turn it round", 7),
        ("y ~ strat(1)*x", "Did you mean 'start'", 5),
        ('y ~ prior("normal(0,1)")*x', "Bayesian", 5),
        ("y ~ start(1)x", "joined to its variable by `*`", 10),
        ("y ~ start(1 x", "never closed", 10),
        ("y ~ c(a, b*x", "never closed", 6),
        ("y ~ z + start(1*x", "never closed", 14),
        ("y ~ a?x", "takes a number", 6),
        ("y ~ TRUE*x", "word of R", 5),
        ('f =~ efa("b")*x', "on the left", 6),
        ("a*y ~ x", "no meaning", 1),
        ("y ~ rep(a, 1.5)*x", "how often to repeat", 5),
        ("y ~ rep(a, 1e9)*x", "how often to repeat", 5),
        # --- contradictions
        ("f =~ 1*x + 2*x", "fixed at 1 in line 1, column 6", 12),
        ("f =~ a*x + b*x", "labelled a in line 1, column 6", 12),
        ("f =~ a*b*x", "labelled a in line 1, column 6", 8),
        ("y1 + y2 ~~ a*y1 + b*y2", "labelled b in line 1, column 19", 12),
        ("y ~ 1 + 0", "Keep one", 9),
        # --- blocks
        ("group: Grant White\ny ~ x", "quotation marks", 8),
        ("group: 1 y ~ x", "quotation marks", 8),
        ("group:\ny ~ x", "has no value", 6),
        ('group: " "\ny ~ x', "has no value", 8),
        ("block: 1\ny ~ x", "`group: name`", 1),
        ("class: 1\ny ~ x", "`group: name`", 1),
        ("Title: 1\ny ~ x", "Mplus", 1),
        ("cluster: 1\ny ~ x", "starts no block", 1),
        ("group 1:\ny ~ x", "`group: 1`", 1),
        # --- other languages
        ("x -> y", "`y ~ x`", 3),
        ("y <- x", "`y ~ x`", 3),
        ("x <-> y", "`x1 ~~ x2`", 3),
        ("f = x1 + x2", "`=~` defines a latent variable, `==`", 3),
        ("f = ~ x1", "without a blank", 3),
        ("f BY x1 x2", "`f =~ x1 + x2`", 3),
        ("y on x", "`y ~ x`", 3),
        ("x1 WITH x2", "`x1 ~~ x2`", 4),
        ("[y]", "`y ~ 1`", 1),
        ("f =~ x1@1", "`1*x1`", 8),
        ("START(0.5) a", "semopy", 1),
        ("BOUND(0, 1) a", "semopy", 1),
        ("DEFINE(ordinal) x", "semopy", 1),
        # --- characters
        ("y ~ x ＋ z", "Write `+`", 7),
        ("f ＝～ x", "Write `=~`", 3),
        ("y ～ x", "U+FF5E", 3),
        ("y ~ “a”*x", "LEFT DOUBLE QUOTATION MARK", 5),
        ("y ~ x１ ＊ z", "Write `*`", 8),
        ("group：1\ny ~ x", "Write `:`", 6),
        ("group: a－b\ny ~ x", "quotation marks", 8),
        ('y ~ "a*x', "not closed", 5),
        ("y ~ x\u200b", "U+200B", 6),
        ("y ~ x % z", "`%`", 7),
        ("y ~ `a b`", "Write `'`", 5),
        ("y ~ x\x00", "U+0000", 6),
    ],
)
def test_one_fault(text: str, phrase: str, column: int) -> None:
    error = error_of(text)
    assert error.code == "syntax"
    assert error.exit_code == 12
    first = error.faults[0] if error.faults else error.message
    assert first.startswith(f"model line 1, column {column}:")
    assert phrase in str(error)


def test_all_faults_are_reported_at_once() -> None:
    error = error_of("y ~ 2x\nf =~ x1 + x2\nf BY x\ng =~ @ + (z) + h\n", source="models/a.sem")
    places = [fault.partition(": ")[0] for fault in error.faults]
    assert places == ["models/a.sem line 1, column 5", "models/a.sem line 3, column 3", "models/a.sem line 4, column 6"]
    assert "3 syntax errors" in error.message


def test_every_term_of_a_formula_is_checked() -> None:
    error = error_of("f =~ -x1 + x2 + c(a, 1)*x3 + x4 x5")
    assert [fault.partition(":")[0] for fault in error.faults] == [
        "model line 1, column 6",
        "model line 1, column 17",
        "model line 1, column 33",
    ]


def test_trailing_plus_before_another_formula_names_the_line() -> None:
    error = error_of("f =~ x1 +\ng =~ x2")
    assert "model line 2, column 3" in error.message
    assert "Line 1 ends in `+`" in str(error)


def test_unclosed_bracket_does_not_swallow_the_rest() -> None:
    error = error_of("a := (b\ny ~ 2x")
    assert ["line 1, column 6" in error.faults[0], "line 2, column 5" in error.faults[1]] == [True, True]


@pytest.mark.parametrize(
    ("text", "shown", "caret"),
    [
        ("y ~ 2x + z", "    y ~ 2x + z", "        ^^"),
        ("\ty ~ 2x", "    \ty ~ 2x", "    \t    ^^"),
        ("信任 ~ 2x", "    信任 ~ 2x", "           ^^"),
        ("y ＋ x", "    y ＋ x", "      ^^"),
    ],
)
def test_caret_stands_under_the_token(text: str, shown: str, caret: str) -> None:
    assert error_of(text).message.split("\n")[1:] == [shown, caret]


def test_long_lines_are_shown_in_part() -> None:
    error = error_of("y ~ " + "x1 + " * 1000 + "2x + " + "z + " * 1000 + "z")
    _, shown, caret = error.message.split("\n")
    assert len(shown) < 120
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "2x"


@pytest.mark.parametrize("text", ["", "  \n\t\r\n", "# only\n! comments", ";;", "\ufeff"])
def test_empty_model(text: str) -> None:
    error = error_of(text, source="a.sem")
    assert error.code == "empty-model"
    assert "a.sem" in error.message


def test_headers_alone_are_an_empty_model() -> None:
    assert error_of("group: 1\ngroup: 2").code == "empty-model"


def test_too_long_text_is_refused_at_once() -> None:
    begin = time.perf_counter()
    error = error_of("y ~ x + " * 12_500_000)
    assert error.code == "model-too-long"
    assert "1,000,000" in error.message
    assert time.perf_counter() - begin < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "@" * 50_000,
        "１" * 50_000,
        "f =~" + "\n" * 50_000,
        "c(" * 20_000 + "*x ~ y",
        "y ~ " + "c(" * 20_000 + ")" * 20_000 + "*x",
        "y ~ " + "c(" * 20_000 + "*x",
        "y~" * 20_000,
    ],
    ids=["signs", "digits", "blank lines", "brackets left", "nested", "unclosed", "operators"],
)
def test_hostile_texts_end_quickly(text: str) -> None:
    begin = time.perf_counter()
    assert error_of(text).code == "syntax"
    assert time.perf_counter() - begin < 5.0


def test_more_faults_than_are_listed() -> None:
    error = error_of("y ~ 2x\n" * 500)
    assert len(error.faults) == 50
    assert "more than 50" in error.message


def test_formula_that_explodes_is_refused() -> None:
    side = " + ".join(f"x{i}" for i in range(1000))
    assert "more than 100000 parameters" in str(error_of(f"{side} ~ {side}"))


def test_bytes_are_no_text() -> None:
    with pytest.raises(UsageError, match="not bytes"):
        parse_model(b"y ~ x")  # type: ignore[arg-type]


def test_a_model_of_usual_size_is_parsed_quickly() -> None:
    text = "\n".join(f"f{i} =~ x{i}1 + x{i}2 + x{i}3\nf{i} ~ a{i}*f{i + 1} + b{i}*f{i + 2}" for i in range(14))
    durations = []
    for _ in range(10):
        begin = time.perf_counter()
        parse_model(text)
        durations.append(time.perf_counter() - begin)
    assert min(durations) < 0.02  # some 1.5 ms on one free core; ten times that is a change for the worse
