"""Products of factors in the parameter table: which columns, which covariances, what is refused."""

from __future__ import annotations

import pytest

from trustsem.errors import ModelError, UsageError
from trustsem.spec import ParameterTable, Preset, ProductIndicators, SpecOptions, build_table
from trustsem.spec.products import latent_products
from trustsem.syntax import parse_model

TWO = "f =~ x1 + x2 + x3\ng =~ z1 + z2 + z3\n"


def table(text: str, **options) -> ParameterTable:
    return build_table(parse_model(text), SpecOptions(**options))


def rows(built: ParameterTable, op: str) -> list[str]:
    return [row.written for row in built if row.op == op]


def codes(built: ParameterTable) -> set[str]:
    return {finding.code for finding in built.findings}


def test_matched_pairs_where_the_numbers_match():
    built = table(TWO + "y ~ f + g + f:g")
    assert rows(built, "=~")[-3:] == ["f:g=~x1.z1", "f:g=~x2.z2", "f:g=~x3.z3"]
    assert not [name for name in rows(built, "~~") if "." in name and name.split("~~")[0] != name.split("~~")[1]]
    assert {"f~~f:g", "g~~f:g"} <= set(rows(built, "~~"))  # by lavaan's rule for exogenous factors
    assert built.products[0].kind is ProductIndicators.MATCHED


def test_all_pairs_share_indicators():
    built = table(TWO + "y ~ f + g + f:g", product_indicators=ProductIndicators.ALL)
    pairs = [name.split("~~") for name in rows(built, "~~") if name.count(".") == 2]
    apart = [(one, other) for one, other in pairs if one != other]
    assert len(built.products[0].columns) == 9
    assert len(apart) == 18  # each of 9 shares one indicator with 2 + 2 others
    assert all(set(one.split(".")) & set(other.split(".")) for one, other in apart)


def test_all_pairs_are_the_default_where_numbers_differ():
    built = table(TWO.replace(" + z3", "") + "y ~ f + g + f:g")
    assert len(built.products[0].columns) == 6


def test_an_observed_moderator_has_no_error_to_share():
    built = table("f =~ x1 + x2 + x3\nf ~ w + age\ny ~ f + w + f:w + age")
    assert rows(built, "=~")[-3:] == ["f:w=~x1.w", "f:w=~x2.w", "f:w=~x3.w"]
    covariances = rows(built, "~~")
    assert not [name for name in covariances if name.count(".w") == 2 and len(set(name.split("~~"))) == 2]
    assert {"w~~f:w", "age~~f:w", "w~~age", "w~~w", "age~~age"} <= set(covariances)
    assert built.variables.exogenous == ()
    assert "product-covariances" in codes(built)
    assert "predictor-made-random" not in codes(built)


def test_products_that_share_a_factor_share_errors_across_product_factors():
    built = table("f =~ x1 + x2\ny ~ f + v + w + f:v + f:w")
    shared = {"x1.v~~x1.w", "x2.v~~x2.w"}
    assert shared == {n for n in rows(built, "~~") if n.count(".") == 2 and len(set(n.split("~~"))) == 2}


def test_one_product_written_either_way_round():
    built = table(TWO + "y ~ f + g + f:g\nu ~ f + g + g:f")
    assert [name for name in rows(built, "~") if ":" in name] == ["y~f:g", "u~f:g"]
    assert len(built.products) == 1


def test_the_scale_follows_the_markers():
    built = table("f =~ NA*x1 + 0.5*x2 + x3\ng =~ 2*z1 + z2 + z3\ny ~ f + g + f:g")
    first = next(row for row in built if row.op == "=~" and row.lhs == "f:g")
    assert (first.rhs, first.value) == ("x2.z1", 1.0)


def test_factors_that_are_uncorrelated_with_predictors_are_still_told():
    assert "exogenous-uncorrelated" in codes(table("f =~ x1 + x2 + x3\ny ~ f + w + f:w"))


@pytest.mark.parametrize("text", ["y ~ x + x:w", TWO + "y ~ f + f:g + z\nu ~ g"])
def test_a_product_without_its_parts_is_told(text):
    assert "product-without-parts" in codes(table(text))


def test_products_of_observed_variables_stay_columns():
    built = table("y ~ x + w + x:w")
    assert built.products == ()
    assert built.variables.exogenous == ("x", "w", "x:w")
    assert latent_products(parse_model("y ~ x + w + x:w")) == ()


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("f =~ x1 + x2\ny ~ f + f:q", "q has no line of its own"),
        ("f =~ x1 + x2\ny ~ f + f:f", "square of a factor"),
        (TWO + "k =~ f + g\ny ~ k + w + k:w", "higher-order"),
        ("f =~ x1 + x2 + c\ng =~ c + z1 + z2\ny ~ f + g + f:g", "c measures both"),
        (TWO + "y ~ f + f:z1", "z1 is an indicator"),
        ("f =~ x1 + x2\ny ~ w\nh =~ y + f:w", "cannot stand on the right of `=~`"),
        ("f =~ NA*x1 + x2\nf ~~ 1*f\ny ~ f + w + f:w", "no loading of f is fixed"),
        ("f =~ x1\nx1 ~~ 0.2*x1\ny ~ f + w + f:w", "error of its own"),
        (TWO + "y ~ f + g + f:g + x1.z1", "another variable of the model"),
    ],
)
def test_products_that_cannot_work_are_refused_by_name(text, phrase):
    with pytest.raises(ModelError, match=phrase) as caught:
        table(text)
    assert caught.value.code == "latent-product"


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"std_lv": True}, "std_lv"),
        ({"effect_coding": True}, "effect_coding"),
        ({"preset": Preset.NONE}, "preset"),
        ({"ordered": (("x1", 3),)}, "ordered"),
    ],
)
def test_options_that_would_change_the_scale_are_refused(options, phrase):
    with pytest.raises(ModelError, match=phrase):
        table(TWO + "y ~ f + g + f:g", **options)


def test_faults_come_together():
    with pytest.raises(ModelError) as caught:
        table("f =~ x1 + x2\ny ~ f + f:q + f:f", std_lv=True)
    assert len(caught.value.faults) == 3


def test_pairs_need_equal_numbers_and_products():
    with pytest.raises(ModelError, match="cannot be matched"):
        table(TWO.replace(" + z3", "") + "y ~ f + g + f:g", product_indicators=ProductIndicators.MATCHED)
    with pytest.raises(UsageError, match="product_indicators has no effect"):
        table("y ~ x + w + x:w", product_indicators=ProductIndicators.ALL)


def test_blocks_are_refused():
    text = "group: a\nf =~ x1 + x2\ny ~ f + w + f:w\ngroup: b\nf =~ x1 + x2\ny ~ f + w + f:w"
    with pytest.raises(ModelError, match="group:"):
        table(text, group_labels=("a", "b"))
