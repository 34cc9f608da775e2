"""The text of a fit, its tables at any width, and sentences that follow the numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsem.fitting import fit
from trustsem.fitting.summary import render_findings, render_misfit, summarise
from trustsem.fitting.theory import theory_behind
from trustsem.records import Finding, Severity
from trustsem.tables import modification_frame
from trustsem.tables.sentences import (
    PathClaim,
    Verdict,
    fit_sentences,
    indirect_sentence,
    judge,
    loop_sentence,
    moved_sentence,
    path_sentence,
    verdict_counts,
)
from trustsem.tables.text import display_width, format_number, format_pvalue, render_pairs, render_table, wrap_text
from trustsem.theory import Basis, ExpectedSign

LONG = "interpersonal_interaction"
NUMBERS = [0.211, 0.04, -12.225, "<.001", -0.132, 1234.5, 0.226]
COLUMNS = ["", "est", "se", "z", "p", "lower", "upper", "std_all"]


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(11)
    factor = rng.normal(size=(400, 1))
    frame = pd.DataFrame(0.8 * factor + 0.6 * rng.normal(size=(400, 4)), columns=["x1", "x2", "x3", "x4"])
    frame["y"] = 0.5 * factor[:, 0] + rng.normal(size=400)
    frame.loc[:9, "x1"] = np.nan
    return fit(f"{LONG} =~ x1 + x2 + x3 + x4\ny ~ b*{LONG}\ny ~ 1\ntwice := 2*b", frame)


def expected(sign: int, basis: Basis = Basis.STATED, *, contested: bool = False) -> ExpectedSign:
    return ExpectedSign("a", "b", sign, basis, "li2021", (), contested)


# --- tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [120, 80, 60, 50, 40])
def test_tables_keep_the_width_and_never_break_a_number(width):
    text = render_table(COLUMNS, [[f"{LONG} ~"], [f"  humanistic_quality_{LONG}", *NUMBERS]], width=width)
    assert max(map(display_width, text.splitlines())) <= width
    for number in ("0.211", "0.040", "-12.225", "<.001", "-0.132", "1234.500", "0.226"):
        assert number in text


def test_a_wide_table_leaves_names_whole():
    assert LONG in render_table(COLUMNS, [[LONG, *NUMBERS]], width=120)


def test_chinese_counts_two_columns_and_wraps_between_characters():
    lines = wrap_text("患者信任这位医生的专业判断，并愿意说出自己的感受。", 20)
    assert all(display_width(line) <= 20 for line in lines)
    assert "".join(lines) == "患者信任这位医生的专业判断，并愿意说出自己的感受。"
    assert not any(line.startswith(("，", "。")) for line in lines)


def test_chinese_columns_align():
    lines = render_table(["a", "b"], [["信任", 1.0], ["trust", 2.0]]).splitlines()
    assert {display_width(line) for line in lines} == {len("trust  1.000")}


def test_pairs_leave_out_what_is_empty():
    assert render_pairs([("One", 1), ("None", None), ("Two", "b")]) == "One  1\nTwo  b"


@pytest.mark.parametrize(
    ("value", "text"), [(0.04996, ".050"), (0.0009999, "<.001"), (1.0, "1.000"), (0.9999, "1.000"), (float("nan"), "")]
)
def test_pvalues(value, text):
    assert format_pvalue(value) == text


def test_no_minus_before_zero():
    assert format_number(-0.0004) == "0.000"
    assert format_number(-0.0006) == "-0.001"


# --- summary -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [100, 80, 60])
def test_a_summary_keeps_the_width(result, width):
    assert max(map(display_width, summarise(result, width=width).splitlines())) <= width


def test_a_summary_names_every_part(result):
    text = summarise(result)
    for part in ("Rows used", "390 of 400", "converged", "Chi-square", "RMSEA", "Loadings", "Regressions", "Variances",
                 "Residual variances", "Intercepts", "Defined", "R-squared", "What to know"):  # fmt: skip
        assert part in text
    assert "10 of 400 rows are not used" in text


def test_every_estimate_is_printed(result):
    text = summarise(result)
    for row in result.estimates.to_dict("records"):
        assert format_number(row["est"]) in text


def test_a_fixed_parameter_has_no_interval(result):
    (line,) = [line for line in summarise(result).splitlines() if line.strip().startswith("x1  ") and "1.000" in line]
    assert len(line.split()) == 3  # name, estimate, standardised value


def test_all_measures_are_listed_by_name(result):
    text = summarise(result, measures="all")
    assert all(name in text for name in result.fit_measures)


def test_the_standardised_solution_comes_on_demand(result):
    row = result.standardized().iloc[1]
    assert "errors of its own" not in summarise(result)
    text = summarise(result, standardized=True)
    assert "errors of its own" in text
    assert f"{row['se']:.3f}" in text.split("errors of its own")[1]


def test_findings_come_gravest_first_with_remedies():
    text = render_findings(
        [Finding("a", Severity.INFO, "small."), Finding("b", Severity.ERROR, "grave.", remedy="do this.")]
    )
    assert text.splitlines() == ["error: grave.", "  -> do this.", "info: small."]


# --- sentences ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("est", "pvalue", "sign", "verdict"),
    [
        (0.3, 0.001, 1, Verdict.AS_EXPECTED),
        (-0.3, 0.001, 1, Verdict.NOT_AS_EXPECTED),
        (-0.3, 0.001, -1, Verdict.AS_EXPECTED),
        (0.3, 0.2, 1, Verdict.UNDECIDED),
        (0.3, 0.001, 0, Verdict.NOT_AS_EXPECTED),
        (0.3, 0.001, None, Verdict.NO_EXPECTATION),
        (0.3, None, 1, Verdict.NOT_TESTED),
        (0.3, float("nan"), None, Verdict.NOT_TESTED),
    ],
)
def test_verdicts(est, pvalue, sign, verdict):
    assert judge(est, pvalue, sign) is verdict


def test_the_sentence_follows_sign_and_significance():
    up = path_sentence(PathClaim("trust", "adherence", 0.4, 0.0001, 0.3, expected(1)))
    down = path_sentence(PathClaim("trust", "adherence", -0.4, 0.0001, -0.3, expected(1)))
    unsure = path_sentence(PathClaim("trust", "adherence", 0.4, 0.3, 0.3, expected(1)))
    assert "go with higher scores" in up
    assert "other predictors held equal" in up
    alone = path_sentence(PathClaim("trust", "adherence", 0.4, 0.0001, 0.3, expected(1), is_only_predictor=True))
    assert alone == up.replace(", other predictors held equal", "")
    assert "as expected" in up
    assert "not as expected" not in up
    assert "go with lower scores" in down
    assert "not as expected" in down
    assert "cannot be told" in unsure
    assert "higher scores" not in unsure


def test_no_sentence_claims_a_cause():
    claims = [PathClaim("trust", "adherence", est, p, est, expected(1)) for est in (-0.4, 0.4) for p in (0.001, 0.5)]
    sentences = [path_sentence(claim) for claim in claims]
    sentences.append(indirect_sentence("a", "b", ["m"], 0.2, 0.001, 0.4))
    for sentence in sentences:
        assert not any(word in sentence for word in ("cause", "leads to", "increases", "effect of"))


def test_a_reading_is_called_one():
    claim = PathClaim("a", "b", 0.4, 0.0001, 0.3, expected(1, Basis.READING))
    assert "no claim of a source" in path_sentence(claim)
    assert "contested" in path_sentence(PathClaim("a", "b", 0.4, 0.0001, 0.3, expected(1, contested=True)))


def test_verdicts_are_counted():
    claims = [PathClaim("a", "b", est, p, est, expected(1)) for est, p in ((0.3, 0.001), (-0.3, 0.001), (0.3, 0.5))]
    assert verdict_counts(claims).startswith(
        "Of 3 paths with an expected sign, 1 as expected, 1 not as expected and 1 undecided"
    )


def test_the_sentence_of_an_indirect_effect_follows_sign_and_significance():
    up = indirect_sentence("contact", "trust", ["talk"], 0.2, 0.001, 0.4)
    down = indirect_sentence("contact", "trust", ["talk"], -0.2, 0.001, -0.4)
    unsure = indirect_sentence("contact", "trust", ["talk"], 0.2, 0.2, 0.4)
    assert "go with higher scores on trust by way of talk" in up
    assert "go with lower scores on trust by way of talk" in down
    assert "50%" in up
    assert "50%" in down
    assert "cannot be told" in unsure
    assert "%" not in unsure


def test_indirect_shares_only_where_parts_agree_in_sign():
    assert "50% of the total" in indirect_sentence("a", "b", ["m"], 0.2, 0.001, 0.4)
    assert "of the total" not in indirect_sentence("a", "b", ["m"], 0.2, 0.001, -0.4)
    assert "cannot be told" in indirect_sentence("a", "b", ["m"], 0.2, 0.6, 0.4)


def test_loops():
    assert "reinforce each other" in loop_sentence(["a", "b"], 0.2, 0.1, 0.3, 0.45)
    assert "1.25 times" in loop_sentence(["a", "b"], 0.2, 0.1, 0.3, 0.45)
    assert "dampen each other" in loop_sentence(["a", "b"], -0.2, -0.3, -0.1, 0.45)
    assert "includes 0" in loop_sentence(["a", "b"], 0.1, -0.1, 0.3, 0.3)
    assert "does not settle" in loop_sentence(["a", "b"], 1.2, 1.1, 1.3, 1.09)


def test_fit_readings_change_with_the_numbers():
    good = {"chisq": 10.0, "df": 9, "pvalue": 0.3, "cfi": 0.99, "srmr": 0.02, "rmsea": 0.01}
    poor = {"chisq": 900.0, "df": 9, "pvalue": 0.0, "cfi": 0.80, "srmr": 0.12, "rmsea": 0.2}
    assert "not rejected" in fit_sentences(good)[0]
    assert "not rejected" not in fit_sentences(poor)[0]
    assert all("good" in sentence or "close" in sentence for sentence in fit_sentences(good)[1:])
    assert all("poor" in sentence for sentence in fit_sentences(poor)[1:])
    assert "saturated" in fit_sentences({"df": 0, "chisq": 0.0, "cfi": 1.0})[0]


def test_moved_arrows():
    assert "rises from 0.250 to 0.450 (4.0 of its standard errors)" in moved_sentence("a -> b", 0.25, 0.45, 0.05)
    assert "falls" in moved_sentence("a -> b", 0.25, 0.15, 0.05)
    assert "not known" in moved_sentence("a -> b", 0.25, 0.15, float("nan"))


def test_the_largest_indices_are_those_of_the_whole_table(result):
    whole = result.modification_indices()
    assert len(whole) > 3
    top = modification_frame(result.fitted, theory_behind(result.fitted.table), top=3)
    pd.testing.assert_frame_equal(top, whole.head(3))
    shown = render_misfit(result, 100, top=3)
    assert [f"{row.lhs} {row.op} {row.rhs}" in shown for row in whole.itertuples()].count(True) == 3


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a b", ["a b"]),
        ("  a b", ["  a b"]),
        ("a  b", ["a b"]),
        ("a b ", ["a b"]),
        (" ", []),
        ("", []),
        ("12345678", ["12345678"]),
        ("1234 6789", ["1234", " 6789"]),
        ("a\nb", ["a b"]),
    ],
)
def test_what_fits_on_a_line_stays_as_it_is(text, lines):
    assert wrap_text(text, 8, hanging=1) == lines
