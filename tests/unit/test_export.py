"""Scripts for other programs: what stands in them, word for word where another program reads it."""

from __future__ import annotations

import re

import pytest

from trustsem.errors import UsageError
from trustsem.spec import SpecOptions, build_table, load_model, model_names, with_auxiliary
from trustsem.spec.export import EXPORTERS, ExportRequest, FitMethod, RowRoles, export_model
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


WITH_PRODUCTS = ("clinician_practices", "ingroup_bias", "rights_buffer")
FOR_MPLUS = [name for name in model_names() if name not in WITH_PRODUCTS]


@pytest.mark.parametrize("name", WITH_PRODUCTS)
def test_mplus_refuses_products_of_factors(name: str) -> None:
    table = build_table(parse_model(load_model(name).syntax))
    with pytest.raises(UsageError, match="XWITH"):
        export_model(ExportRequest(table, name), "mplus")


def test_lavaan_makes_product_indicators() -> None:
    text = script("f =~ x1 + x2\ng =~ z1 + z2\ny ~ f + g + f:g", "lavaan")
    assert 'data[["x1.z1"]] <- centred(centred(data[["x1"]]) * centred(data[["z1"]]))' in text
    assert 'complete.cases(data[, c("x1", "x2", "z1", "z2", "y")])' in text
    assert "f_x_g =~ 1*x1.z1" in text


@pytest.mark.parametrize("name", FOR_MPLUS)
def test_mplus_names_are_short_unique_and_explained(name: str) -> None:
    table = build_table(parse_model(load_model(name).syntax))
    export = export_model(ExportRequest(table, name), "mplus")
    names = {*table.variables.observed, *table.variables.latent, *(item.name for item in table.definitions)}
    short = [export.names.get(item, item) for item in names]
    assert len({item.upper() for item in short}) == len(short)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,7}", item, re.ASCII) for item in short)
    assert all(f"!   {one} = {item}" in export.text for item, one in export.names.items())
    assert max(len(line) for line in export.text.splitlines()) <= 90


@pytest.mark.parametrize(
    ("target", "name"),
    # Mplus gets no products of factors, see above
    [
        (target, name)
        for target in EXPORTERS
        for name in model_names()
        if (target, name in WITH_PRODUCTS) != ("mplus", True)
    ],
)
def test_every_parameter_is_written(target: str, name: str) -> None:
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


# --- groups, estimators, gaps -------------------------------------------------------------------------------------

TWO = SpecOptions(group_labels=("in", "out at home"), group_equal=("loadings", "intercepts"), group_partial=("f=~x3",))
SCALAR = "f =~ x1 + x2 + x3 + x4"
MLR = FitMethod(errors="robust_huber_white", tests=("yuan_bentler_mplus",))


def test_lavaan_writes_each_group_and_shares_labels() -> None:
    text = script(SCALAR, "lavaan", options=TWO, roles=RowRoles(group="ward"))
    first, second = text.split("  group: 1\n")[1].split("  group: 2\n")
    second = second.split("'\n")[0]
    assert "f =~ p2*x2" in first
    assert "f =~ p2*x2" in second
    assert "f =~ x3" in first
    assert "f =~ x3" in second  # the exception
    assert "f ~ 0*1" in first
    assert "f ~ 1\n" in second  # equal intercepts free the mean of the second group
    assert 'group = "ward",\n  group.label = c("in", "out at home"),' in text
    assert "==" not in text.split("model <- '")[1].split("'\n")[0]


def test_labels_of_ones_own_stay_and_are_equated() -> None:
    options = SpecOptions(group_labels=("in", "out"))
    text = script("f =~ x1 + c(a, b)*x2 + x3\na == b\nd := a + b", "lavaan", options=options)
    assert "f =~ a*x2" in text
    assert "f =~ b*x2" in text
    assert "a - b == 0" in text


def test_mplus_writes_each_group_in_full() -> None:
    text = script(SCALAR, "mplus", options=TWO, roles=RowRoles(group="ward"))
    assert "GROUPING = ward (1 = g1 2 = g2);" in text
    assert "Groups are numbers in the data: 1 = in, 2 = out at home." in text
    common, one, other = (section(text, name) for name in ("MODEL", "MODEL g1", "MODEL g2"))
    assert not any("(" in line for line in common)  # a label there would hold in all groups
    assert "x2* (p2)" in one
    assert "x2* (p2)" in other
    assert "x3*" in other
    assert "[f@0];" in one
    assert "[f*];" in other


def test_mplus_overall_model_holds_only_what_every_group_has() -> None:
    """Symptom: a covariance of the first group stood in MODEL, where Mplus frees it in all groups."""
    options = SpecOptions(group_labels=("in", "out"))
    text = script("f =~ x1 + x2 + x3 + x4\ngroup: in\nx1 ~~ x2\ngroup: out\nx3 ~~ x4", "mplus", options=options)
    common, one, other = (section(text, name) for name in ("MODEL", "MODEL g1", "MODEL g2"))
    assert not any("WITH" in line for line in common)
    assert [line for line in one if "WITH" in line] == ["x1 WITH x2*;"]
    assert [line for line in other if "WITH" in line] == ["x3 WITH x4*;"]
    assert "GROUPING = group (1 = g1 2 = g2);" in text


def test_mplus_group_column_keeps_clear_of_other_names() -> None:
    options = SpecOptions(group_labels=("in", "out"))
    text = script("group1 =~ x1 + x2 + x3", "mplus", options=options, roles=RowRoles(group="care_setting_of_patient"))
    assert re.search(r"GROUPING = car_pati \(", text)
    assert "NAMES = x1 x2 x3 car_pati;" in text


@pytest.mark.parametrize(
    ("method", "more", "lavaan", "mplus"),
    [
        (FitMethod(), {}, ('estimator = "ML"', 'missing = "listwise"'), ("ESTIMATOR = ML;", "LISTWISE = ON;")),
        (MLR, {"information": "observed"}, ('estimator = "MLR"',), ("ESTIMATOR = MLR;", "INFORMATION = OBSERVED;")),
        (
            FitMethod(missing="fiml"),
            {"information": "observed"},
            ('missing = "ml"',),
            ("ESTIMATOR = ML;", "INFORMATION = OBSERVED;"),
        ),
        (FitMethod(errors="robust_sem", tests=("satorra_bentler",)), {}, ('estimator = "MLM"',), ("ESTIMATOR = MLM;",)),
        (FitMethod("WLS"), {}, ('estimator = "WLS"',), ("ESTIMATOR = WLS;",)),
        (FitMethod("GLS"), {}, ('estimator = "GLS"',), ("ESTIMATOR = GLS;",)),
    ],
)
def test_estimators_are_written(method, more, lavaan, mplus) -> None:
    text = script(SCALAR, "lavaan", method=method, **more)
    assert all(line in text for line in lavaan)
    assert "se =" not in text  # the name says it
    text = script(SCALAR, "mplus", method=method, **more)
    assert all(line in text for line in mplus)
    assert ("LISTWISE" in text) == (method.missing == "listwise")


def test_standard_errors_and_tests_without_a_name_are_written_one_by_one() -> None:
    method = FitMethod(errors="robust_huber_white", tests=("satorra_bentler", "browne_residual_adf"))
    text = script(SCALAR, "lavaan", method=method, information="observed")
    assert 'se = "robust.huber.white"' in text
    assert 'test = c("satorra.bentler", "browne.residual.adf")' in text
    assert 'information = "observed"' in text


def test_clusters_weights_and_auxiliary_variables_are_written() -> None:
    table = build_table(parse_model(SCALAR), SpecOptions(meanstructure=True))
    table = with_auxiliary(table, ("age", "income"))
    roles = RowRoles(cluster="hospital", weights="weight")
    method = FitMethod(errors=MLR.errors, tests=MLR.tests, missing="fiml")
    whole = ExportRequest(table, "A model", information="observed", method=method, roles=roles)
    text = export_model(whole, "lavaan").text
    assert 'cluster = "hospital"' in text
    assert 'sampling.weights = "weight",\n  sampling.weights.normalization = "group"' in text
    assert "age ~~ x1" in text
    export = export_model(whole, "mplus")
    assert "TYPE = COMPLEX;" in export.text
    assert "CLUSTER = hospital;" in export.text
    assert "WEIGHT = weight" in export.text.replace("weight2", "weight")
    assert "AUXILIARY = (m) age income;" in export.text
    assert "USEVARIABLES = x1 x2 x3 x4;" in export.text
    assert not any("age" in line for line in section(export.text, "MODEL"))


@pytest.mark.parametrize(
    ("more", "phrase"),
    [
        ({"method": FitMethod("ULS", tests=("browne_residual_nt",))}, "ULS with se=standard"),
        ({"method": FitMethod(errors="robust_sem", tests=("mean_var_adjusted",))}, "test=mean_var_adjusted"),
        ({"method": FitMethod(errors="robust_huber_white")}, "se=robust_huber_white"),
        ({"method": FitMethod(tests=("standard", "browne_residual_adf"))}, "browne_residual_adf"),
        ({"method": FitMethod(missing="two_stage")}, "missing=two_stage"),
        ({"method": FitMethod(missing="fiml_x")}, "missing=fiml_x"),
        ({"information": "first_order"}, "estimator=MLF"),
        ({"method": FitMethod("GLS"), "information": "observed"}, "information=observed"),
        ({"method": FitMethod(errors=MLR.errors, tests=MLR.tests, h1_information="unstructured")}, "h1_information"),
        ({"roles": RowRoles(cluster="hospital")}, "cluster and weights go with MLR"),
        ({"method": MLR, "roles": RowRoles(weights="w", normalization="none")}, "weights_normalization=none"),
        ({"method": MLR, "roles": RowRoles(group="g", weights="w"), "options": TWO}, "weights_normalization=group"),
    ],
)
def test_mplus_refuses_what_it_cannot_do(more, phrase) -> None:
    with pytest.raises(UsageError, match="cannot be written for Mplus") as caught:
        script(SCALAR, "mplus", **more)
    assert phrase in str(caught.value)
