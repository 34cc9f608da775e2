"""Scripts for other programs: what stands in them, word for word where another program reads it."""

from __future__ import annotations

import re

import pytest

from trustsem.errors import UsageError
from trustsem.spec import SpecOptions, build_table, load_model, model_names
from trustsem.spec.export import EXPORTERS, ExportRequest, export_model
from trustsem.spec.export.labels import plan_labels, unique_names
from trustsem.spec.export.mplus_text import WIDTH, mplus_number, wrap_line
from trustsem.syntax import parse_model


def request(text: str, *, options: SpecOptions | None = None, **more) -> ExportRequest:
    return ExportRequest(build_table(parse_model(text), options), "A model", **more)


def script(text: str, target: str, **more) -> str:
    return export_model(request(text, **more), target).text


def section(text: str, name: str) -> list[str]:
    """Return the lines of one command of an Mplus input."""
    body = re.split(rf"^{name}:\n", text, flags=re.MULTILINE)[1]
    return [line.strip() for line in body.split("\n\n")[0].splitlines()]


MEDIATION = "f =~ x1 + x2 + x3\ny ~ a*f + c*z\ng =~ x4 + x5 + x6\ng ~ b*y\nab := a*b"


def test_mplus_input_of_a_small_model_word_for_word() -> None:
    expected = """\
TITLE:
  A model

DATA:
  ! Put the name of your scored data here: numbers only, no header, missing is a dot.
  FILE = "data.dat";
  LISTWISE = ON;

VARIABLE:
  NAMES = x1 x2 x3;
  USEVARIABLES = x1 x2 x3;
  MISSING = .;

ANALYSIS:
  TYPE = GENERAL;
  ESTIMATOR = ML;
  INFORMATION = EXPECTED;
  MODEL = NOMEANSTRUCTURE;

MODEL:
  f BY x1@1
       x2*
       x3*0.5;
  x1*;
  x2*;
  x3*;
  f*;

OUTPUT:
  STANDARDIZED;
  RESIDUAL;
  MODINDICES(3.84);
"""
    assert script("f =~ x1 + x2 + start(.5)*x3", "mplus") == expected


def test_mplus_labels_definitions_and_zero_covariances() -> None:
    text = script(MEDIATION, "mplus")
    model = section(text, "MODEL")
    assert "y ON f* (a)" in model
    assert "g ON y* (b);" in model
    assert "f WITH g@0;" in model  # Mplus frees the covariance of two factors unless told
    assert "f WITH y@0;" not in model  # an arrow joins them: Mplus frees nothing there
    assert not any("z*" in line and "ON" not in line and "(c)" not in line for line in model)  # z stays fixed
    assert section(text, "MODEL CONSTRAINT") == ["NEW(ab);", "ab = a*b;"]
    assert "MODINDICES(3.84);" not in [line.strip() for line in text.splitlines()]


def test_mplus_means_only_where_they_are_modelled() -> None:
    text = script("f =~ x1 + x2 + x3", "mplus", options=SpecOptions(meanstructure=True))
    assert "NOMEANSTRUCTURE" not in text
    assert {"[x1*];", "[f@0];"} <= set(section(text, "MODEL"))


def test_mplus_random_predictors_are_written_and_fixed_ones_are_not() -> None:
    model = "f =~ x1 + x2 + x3\nf ~ age + sex"
    fixed = section(script(model, "mplus"), "MODEL")
    random = section(script(model, "mplus", options=SpecOptions(fixed_x=False)), "MODEL")
    assert not {"age*;", "age WITH sex*;"} & set(fixed)
    assert {"age*;", "sex*;", "age WITH sex*;"} <= set(random)


def test_mplus_constraints_bounds_and_inequalities() -> None:
    text = script("f =~ x1 + a*x2 + b*x3 + x4\na == 2*b - 0.5\nx1 ~~ lower(0)*x1\na*b > 0.1\na*a == b", "mplus")
    lines = section(text, "MODEL CONSTRAINT")
    assert "0 = a - 2*b + 0.5;" in lines
    assert "0 < a*b - 0.1;" in lines
    assert "0 = a*a - b;" in lines
    (bound,) = [line for line in lines if line.endswith("> 0;")]
    label = bound.split()[0]
    assert f"x1* ({label});" in section(text, "MODEL")


def test_equal_labels_need_no_constraint() -> None:
    plan = plan_labels(build_table(parse_model("f =~ x1 + a*x2 + a*x3 + x4")))
    assert plan.linear == ()
    assert [label for label in plan.labels if label] == ["a", "a"]


def test_a_label_shared_with_a_fixed_parameter_becomes_a_constraint() -> None:
    table = build_table(parse_model("f =~ 1*x1 + a*x1 + a*x2 + x3 + x4"))
    plan = plan_labels(table)
    assert [label for label in plan.labels if label] == ["a"]
    assert [(relation.terms, relation.constant) for relation in plan.linear] in (
        [(((1.0, "a"),), 1.0)],
        [(((-1.0, "a"),), -1.0)],
    )


def test_labels_of_fixed_parameters_become_numbers() -> None:
    model = "f =~ 1.5*x1 + a*x1 + x2 + x3 + x4\nz := a*2"
    assert "z = 1.5*2;" in section(script(model, "mplus"), "MODEL CONSTRAINT")
    assert "z := 1.5*2" in script(model, "lavaan")


def test_products_are_made_by_the_script() -> None:
    model = "y ~ x + w + x:w"
    mplus = script(model, "mplus")
    assert section(mplus, "DEFINE") == ["x_w = x*w;"]
    assert "USEVARIABLES = y x w x_w;" in section(mplus, "VARIABLE")
    assert 'data[["x_x_w"]] <- data[["x"]] * data[["w"]]' in script(model, "lavaan")


def test_mplus_refuses_by_name_all_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        script("y ~ a*x\nq := pnorm(a)\nm := max(a, 1)", "mplus", likelihood="wishart")
    assert len(caught.value.faults) == 3
    assert "pnorm" in str(caught.value)
    assert "likelihood=wishart" in str(caught.value)


@pytest.mark.parametrize("name", model_names())
def test_mplus_names_are_short_unique_and_explained(name: str) -> None:
    table = build_table(parse_model(load_model(name).syntax))
    export = export_model(ExportRequest(table, name), "mplus")
    names = {*table.variables.observed, *table.variables.latent, *(item.name for item in table.definitions)}
    short = [export.names.get(item, item) for item in names]
    assert len({item.upper() for item in short}) == len(short)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,7}", item, re.ASCII) for item in short)
    assert all(f"!   {one} = {item}" in export.text for item, one in export.names.items())
    assert max(len(line) for line in export.text.splitlines()) <= 90


@pytest.mark.parametrize("name", model_names())
@pytest.mark.parametrize("target", EXPORTERS)
def test_every_parameter_is_written(name: str, target: str) -> None:
    """As many lines as the table has rows that are no moments of predictors."""
    table = build_table(parse_model(load_model(name).syntax))
    text = export_model(ExportRequest(table, name), target).text
    rows = [row for row in table if not row.exogenous]
    if target == "mplus":
        lines = [line for line in section(text, "MODEL") if not line.endswith(" WITH x@0;")]
        zeros = [line for line in lines if "WITH" in line and line.endswith("@0;")]
        written_zeros = [row for row in rows if row.op == "~~" and row.lhs != row.rhs and row.value == 0]
        assert len(lines) - len(zeros) + len(written_zeros) == len(rows)
    else:
        body = text.split("model <- '\n")[1].split("\n'")[0]
        formulas = [line for line in body.splitlines() if re.search(r" (=~|~~|~) ", line)]
        assert len(formulas) == len(rows)


def test_lavaan_script_follows_options() -> None:
    text = script("f =~ x1 + x2 + x3\nf ~ age", "lavaan", likelihood="wishart", information="observed")
    for line in ('likelihood = "wishart"', 'information = "observed"', "fixed.x = TRUE", "auto.var = FALSE"):
        assert line in text
    random = script("f =~ x1 + x2 + x3\nf ~ age", "lavaan", options=SpecOptions(fixed_x=False, meanstructure=True))
    assert "fixed.x = FALSE" in random
    assert "int.ov.free = TRUE" in random
    assert "age ~~ age" not in random  # written out, lavaan would change its baseline model


def test_names_that_the_programs_cannot_read_are_replaced() -> None:
    export = export_model(request("信任 =~ x1 + x2 + x3\nif1 ~ 信任"), "mplus")
    assert export.names["信任"].isascii()
    assert unique_names(["abcdefghi", "ABCDEFGHJ", "on"], lambda n: n, 8, {"ON"}) == {
        "abcdefghi": "abcdefgh",
        "ABCDEFGHJ": "ABCDEFG2",
        "on": "on2",
    }


def test_numbers_and_lines() -> None:
    assert mplus_number(1e-7) == "0.0000001"
    long = "total = " + "*".join(f"label{i}" for i in range(40)) + ";"
    lines = wrap_line(long)
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH
    assert "".join(line.strip() for line in lines).replace(" ", "") == long.replace(" ", "")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a - (b - a)", "a - (b - a)"),
        ("(a + b)*a", "(a + b)*a"),
        ("a + b*a", "a + b*a"),
        ("a/(b*a)", "a/(b*a)"),
        ("a^2*b", "a**2*b"),
        ("(a*b)^2", "(a*b)**2"),
        ("-a*b", "(-a)*b"),
        ("a*-b", "a*(-b)"),
        ("exp(a)/sqrt(b)", "EXP(a)/SQRT(b)"),
    ],
)
def test_expressions_keep_their_meaning(expression: str, expected: str) -> None:
    text = script(f"y ~ a*x + b*z\nd := {expression}", "mplus")
    assert f"d = {expected};" in section(text, "MODEL CONSTRAINT")


def test_unknown_program() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mplus'"):
        script("f =~ x1 + x2 + x3", "mpluss")
