"""Parameter tables of several groups: lavaan's tables row by row, what is bound, what is said and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trustsem.errors import ModelError, UsageError
from trustsem.records import Finding, Severity
from trustsem.spec import (
    ParameterTable,
    SpecOptions,
    build_table,
    group_labels_in_text,
    groups_in_text,
    preset_of,
    read_group_equal,
)
from trustsem.spec.build import with_start
from trustsem.spec.relations import evaluate_relations
from trustsem.syntax import parse_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = json.loads((GOLDEN / "group_tables.json").read_text(encoding="utf-8"))["cases"]
TWO = ("Pasteur", "Grant-White")
MODEL = "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6"
HOLZINGER = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def build(text: str, *, groups: tuple[str, ...] = TWO, **options: Any) -> ParameterTable:
    return build_table(parse_model(text), SpecOptions(group_labels=groups, **options))


def codes(table: ParameterTable) -> list[str]:
    return [finding.code for finding in table.findings]


def finding(table: ParameterTable, code: str) -> Finding:
    (found,) = [item for item in table.findings if item.code == code]
    return found


# --- lavaan's tables ------------------------------------------------------------------------------------------------


def table_of(case: dict[str, Any]) -> ParameterTable:
    options = dict(case["options"])
    labels = ("A", "B", "C") if options.pop("group") == "g3" else TWO
    return build(case["model"], groups=labels, preset=preset_of(case["preset"]), **options)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_rows_are_lavaans(case: dict[str, Any]) -> None:
    ours = []
    for row in table_of(case):
        kind = "exogenous" if row.exogenous else "free" if row.is_free else "fixed"
        value = "-" if row.value is None else f"{row.value:g}"
        # lavaan gives the target of equal() a label of its own making, which is not shown
        label = "-" if row.label in ("", row.key) else row.label
        ours.append(f"{row.group} {row.lhs} {row.op} {row.rhs or '-'} {kind} {value} {label}")
    theirs = [" ".join((*row.split()[:5], _plain(row.split()[5]), row.split()[6])) for row in case["rows"]]
    assert ours == theirs


def _plain(number: str) -> str:
    return number if number == "-" else f"{float(number):g}"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_bindings_are_lavaans(case: dict[str, Any]) -> None:
    table = table_of(case)
    keys = {row.key for row in table}
    pairs = [tuple(text.split(" == ")) for text in table.constraints.texts]
    bound = [pair for pair in pairs if set(pair) <= keys]
    if "effect_coding" in case["options"]:
        # bindings and effect coding of the second group say the same: which of them is kept is a matter of order
        assert set(bound) <= {tuple(pair) for pair in case["bindings"]}
    else:
        assert sorted(bound) == sorted(tuple(pair) for pair in case["bindings"])
    assert table.n_parameters == case["npar"]


# npar of the reference fits of lavaan 0.7-2 (hs-group-*.json); df are those of 2 x 54 moments.
@pytest.mark.parametrize(
    ("options", "n_parameters"),
    [
        ({}, 60),
        ({"group_equal": "loadings"}, 54),
        ({"group_equal": ("loadings", "intercepts"), "group_partial": ("x3~1", "x7~1")}, 50),
        ({"group_equal": ("loadings", "intercepts")}, 48),
        ({"group_equal": ("loadings", "intercepts"), "std_lv": True}, 48),
        ({"group_equal": ("loadings", "intercepts", "residuals")}, 39),
    ],
)
def test_counts_of_the_reference_fits(options: dict[str, Any], n_parameters: int) -> None:
    table = build(HOLZINGER, preset=preset_of("cfa"), **options)
    assert table.n_parameters == n_parameters
    assert table.meanstructure


@pytest.mark.parametrize("preset", ["sem", "cfa", "growth", "none"])
def test_groups_without_equality_are_copies_of_one_group(preset: str) -> None:
    text = "i =~ 1*t1 + 1*t2 + 1*t3\ns =~ 0*t1 + t2 + t3\nk =~ u1\ni ~ x + z\ny ~ i + k"
    options: dict[str, Any] = {"preset": preset_of(preset), "meanstructure": True}
    alone = build(text, groups=(), **options)
    several = build(text, groups=("a", "b", "c"), **options)
    for group in (1, 2, 3):
        rows = [(r.written, r.value, r.exogenous, r.origin) for r in several if r.group == group]
        assert rows == [(r.written, r.value, r.exogenous, r.origin) for r in alone]
    assert several.n_parameters == 3 * alone.n_parameters


# --- keys -----------------------------------------------------------------------------------------------------------


def test_every_row_has_a_key_of_its_own() -> None:
    table = build(MODEL, groups=("a", "b", "c"), group_equal="loadings")
    keys = [row.key for row in table]
    assert len(set(keys)) == len(keys)
    assert [row.key for row in table if row.written == "visual=~x2"] == [
        "visual=~x2",
        "visual=~x2.g2",
        "visual=~x2.g3",
    ]
    assert table.n_groups == 3
    assert table.group_labels == ("a", "b", "c")
    assert "visual=~x2 == visual=~x2.g3" in table.constraints.texts


def test_one_group_without_a_name_is_as_before() -> None:
    table = build_table(parse_model(MODEL))
    assert table.n_groups == 1
    assert not table.meanstructure
    assert {row.group for row in table} == {1}
    assert all(row.key == row.written for row in table)


def test_constraints_bind_the_rows_they_name() -> None:
    table = build("v =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\na1 == 2*a2\nb1 > b2\nd := a1 - a2")
    matrix = table.constraints.matrix
    index = {row.key: position for position, row in enumerate(table.free_rows)}
    expected = np.zeros(len(index))
    expected[index["v=~x2"]], expected[index["v=~x2.g2"]] = 1.0, -2.0
    assert np.array_equal(matrix, [expected])
    theta = np.arange(1.0, len(index) + 1)
    (value,) = evaluate_relations(table.inequalities, table, theta).values
    assert value == theta[index["v=~x3"]] - theta[index["v=~x3.g2"]]


def test_bounds_are_of_their_own_group() -> None:
    table = build("v =~ x1 + lower(c(0.1, 0.2))*x2 + upper(c(NA, 0.9))*x3")
    assert [relation.text for relation in table.inequalities] == [
        "v=~x2 > 0.1",
        "v=~x2.g2 > 0.2",
        "v=~x3.g2 < 0.9",
    ]
    index = {row.key: position for position, row in enumerate(table.free_rows)}
    theta = np.zeros(table.n_free)
    theta[index["v=~x2"]], theta[index["v=~x2.g2"]], theta[index["v=~x3.g2"]] = 1.0, 3.0, 5.0
    assert evaluate_relations(table.inequalities, table, theta).values == pytest.approx([0.9, 2.8, -4.1])


def test_automatic_bounds_hold_in_every_group() -> None:
    table = build(MODEL, bounds=preset_bounds("pos_ov_var"))
    assert len(table.inequalities) == 12


def preset_bounds(name: str) -> Any:
    from trustsem.spec import Bounds

    return Bounds(name)


def test_start_values_by_key() -> None:
    table = with_start(build("v =~ x1 + x2 + start(c(.5, .6))*x3"), {"v=~x2.g2": 0.8})
    starts = {row.key: row.start for row in table if row.start is not None}
    assert starts == {"v=~x3": 0.5, "v=~x3.g2": 0.6, "v=~x2.g2": 0.8}


# --- values per group -----------------------------------------------------------------------------------------------


def test_missing_label_means_none_in_that_group() -> None:
    table = build("v =~ x1 + c(a, NA)*x2 + c('', b)*x3 + x4")
    assert {row.key: row.label for row in table if row.label} == {"v=~x2": "a", "v=~x3.g2": "b"}
    assert not table.constraints.texts


def test_marker_that_starts_in_one_group_only() -> None:
    table = build("v =~ start(c(.5, NA))*x1 + x2 + x3")
    assert [row.value for row in table if row.written == "v=~x1"] == [0.5, 1.0]
    said = finding(table, "marker-fixed-at-start")
    assert said.message.startswith("Group Pasteur: ")


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("v =~ x1 + c(1, 2, 3)*x2 + x3", "line 1, column 11: 3 values for v =~ x2, but there are 2 groups"),
        ("v =~ x1 + c(a, b, c)*x2 + x3", "Give one value for all groups or 2 values"),
        ("v =~ x1 + start(c(1, 2, 3))*x2 + x3", "3 values for v =~ x2"),
        ("group: 1\nv =~ x1 + c(a, b)*x2\ngroup: 2\nv =~ x1 + x2", "which is one group"),
    ],
)
def test_number_of_values_must_fit(text: str, phrase: str) -> None:
    with pytest.raises(ModelError) as raised:
        build(text)
    assert phrase in str(raised.value)


@pytest.mark.parametrize("text", ["v =~ x1 + c(a, b)*x2 + x3", "group: 1\nv =~ x1 + x2 + x3"])
def test_values_and_blocks_need_groups(text: str) -> None:
    with pytest.raises(ModelError, match="the fit has one group"):
        build_table(parse_model(text))


def test_single_label_makes_equal_and_says_so_once() -> None:
    table = build("v =~ x1 + a*x2 + x3\nt =~ x4 + b*x5 + b*x6\nab := a*b")
    said = finding(table, "label-equal-across-groups")
    assert said.severity is Severity.WARNING
    assert "Labels a, b, written once" in said.message
    assert sorted(table.constraints.texts) == [
        *("t=~x5 == t=~x5.g2", "t=~x5 == t=~x6", "t=~x5 == t=~x6.g2"),
        "v=~x2 == v=~x2.g2",
    ]


def test_single_label_on_what_is_to_be_equal_needs_no_word() -> None:
    table = build("v =~ x1 + a*x2 + x3", group_equal="loadings")
    assert "label-equal-across-groups" not in codes(table)
    assert len(table.constraints.texts) == 2


def test_label_per_group_needs_no_word() -> None:
    assert codes(build("v =~ c(m1, m2)*x1 + c(a, b)*x2 + x3\nt =~ k*x4 + x5 + x6")) == []


def test_equal_that_points_into_another_group_is_said() -> None:
    table = build("v =~ x1 + x2 + equal('v=~x2')*x3")
    assert table.constraints.texts == ("v=~x2 == v=~x3", "v=~x2 == v=~x3.g2")
    said = finding(table, "equal-in-other-group")
    assert said.message.startswith("Group Grant-White: ")
    assert said.parameter == "v=~x3.g2"
    assert 'equal(c("v=~x2", "v=~x2.g2"))' in str(said.remedy)
    assert codes(build("v =~ x1 + x2 + equal(c('v=~x2', 'v=~x2.g2'))*x3")) == []
    assert codes(build("v =~ x1 + x2 + equal(c('v=~x2', ''))*x3")) == []


def test_equal_must_name_a_parameter() -> None:
    with pytest.raises(ModelError, match="names no written parameter"):
        build("v =~ x1 + x2 + equal(c('v=~x2', 'v=~x2.g3'))*x3")


# --- blocks ---------------------------------------------------------------------------------------------------------


def test_blocks_by_label_or_number_and_lines_before_them() -> None:
    text = "v =~ x1 + x2 + x3\ngroup: Grant-White\nx1 ~~ x2\ngroup: 1\nx2 ~~ x3"
    table = build(text)
    written = {row.key for row in table if row.lhs != row.rhs and row.op == "~~"}
    assert written == {"x2~~x3", "x1~~x2.g2"}
    assert [row.key for row in table if row.op == "=~"] == [
        *("v=~x1", "v=~x2", "v=~x3"),
        *("v=~x1.g2", "v=~x2.g2", "v=~x3.g2"),
    ]


def test_group_without_a_block_has_the_lines_before_it() -> None:
    table = build("v =~ x1 + x2 + x3\ngroup: 2\nx1 ~~ x2")
    assert table.n_parameters == 19


def test_rules_follow_the_roles_of_each_group() -> None:
    both = "v =~ x1 + x2 + x3\nt =~ x4 + x5 + x6\n"
    table = build(f"{both}group: 1\nt ~ v\ngroup: 2\nx1 ~~ x4")
    keys = {row.key for row in table}
    assert {"t~v", "v~~t.g2"} <= keys
    assert "v~~t" not in keys


def test_markers_of_each_block() -> None:
    table = build("group: 1\nv =~ x1 + x2 + x3\ngroup: 2\nv =~ x2 + x1 + x3")
    fixed = [row.key for row in table if row.op == "=~" and not row.is_free]
    assert fixed == ["v=~x1", "v=~x2.g2"]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("group: Pastuer\nv =~ x1 + x2 + x3", "no such group. Did you mean 'Pasteur'?"),
        ("group: 3\nv =~ x1 + x2 + x3", "Groups: Pasteur, Grant-White"),
        ("group: 0\nv =~ x1 + x2 + x3", "no such group"),
        ("group: 1\nv =~ x1 + x2 + x3", "group 'Grant-White' has no factor v"),
        ("group: 1\nv =~ x1 + x2 + x3\ngroup: 2\nv =~ x1 + x2 + x4", "group 'Pasteur' has no observed variable x4"),
        ("group: 1\ny ~ x\ngroup: 2\ny ~ x\nx ~~ x", "group 'Grant-White' has no fixed predictor x"),
        ("v =~ x1 + x2 + x3\ngroup: 2\nv =~ x1", "is written a second time"),
    ],
)
def test_blocks_that_do_not_fit(text: str, phrase: str) -> None:
    with pytest.raises(ModelError) as raised:
        build(text)
    assert phrase in str(raised.value)


def test_number_that_is_the_label_of_another_group_is_refused() -> None:
    text = "group: 1\nv =~ x1 + x2 + x3\ngroup: 2\nv =~ x1 + x2 + x3"
    with pytest.raises(ModelError, match="is the label of group 2 and the number of group 1"):
        build(text, groups=("2", "1"))
    assert build(text, groups=("1", "2")).n_parameters == 18


def test_faults_outside_of_blocks_are_said_once() -> None:
    with pytest.raises(ModelError) as raised:
        build("v =~ x1 + x2 + x3\nv ~ v\nx1 ~~ x2\nx2 ~~ x1")
    assert len(raised.value.faults) == 2


def test_level_blocks_stay_refused() -> None:
    with pytest.raises(ModelError, match="level blocks"):
        build("level: 1\nv =~ x1 + x2 + x3")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (MODEL, ()),
        ("v =~ x1 + c(a, b, c)*x2 + x3", ("1", "2", "3")),
        ("v =~ x1 + x2\ngroup: 1\nx1 ~~ x2\ngroup: 2\nx1 ~~ 0*x2", ("1", "2")),
        ("group: 2\nv =~ x1 + x2\ngroup: 1\nv =~ x1 + x2", ("1", "2")),
        ("group: 101\nv =~ x1 + x2\ngroup: 7\nv =~ x1 + x2", ("101", "7")),
        ("group: in\nv =~ x1 + x2\ngroup: out\nv =~ x1 + x2", ("in", "out")),
    ],
)
def test_groups_in_text(text: str, labels: tuple[str, ...]) -> None:
    model = parse_model(text)
    assert group_labels_in_text(model) == labels
    assert groups_in_text(model) == (len(labels) or None)
    assert build_table(model, SpecOptions(group_labels=labels)).n_groups == max(1, len(labels))


# --- equality across groups -----------------------------------------------------------------------------------------


def test_names_of_group_equal_are_read_with_dots() -> None:
    assert read_group_equal(["lv.variances", "Residual-Covariances", "loadings", "loadings"]) == (
        "lv_variances",
        "residual_covariances",
        "loadings",
    )
    assert SpecOptions(group_equal="lv.variances").group_equal == ("lv_variances",)  # type: ignore[arg-type]


def test_unknown_names_of_group_equal_are_named_with_what_is_allowed() -> None:
    with pytest.raises(UsageError) as raised:
        read_group_equal(["loading", "weights"])
    assert "Did you mean 'loadings'?" in str(raised.value)
    assert len(raised.value.faults) == 2
    assert "residual_covariances" in str(raised.value)


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"group_equal": "thresholds"}, "needs ordinal items"),
        ({"group_equal": "intercepts", "meanstructure": False}, "meanstructure=False leaves means out"),
        ({"group_equal": "loadings", "groups": ()}, "needs two groups or more"),
        ({"group_partial": "x1~1", "groups": ()}, "needs two groups or more"),
        ({"groups": ("a", "a")}, "comes twice"),
    ],
)
def test_options_that_cannot_be_honoured(options: dict[str, Any], phrase: str) -> None:
    with pytest.raises(UsageError, match=phrase):
        build(MODEL, **options)


def test_covariances_are_the_same_written_either_way_round() -> None:
    both = "v =~ x1 + x2 + x3\nt =~ x4 + x5 + x6\n"
    table = build(f"{both}group: 1\nv ~~ t\ngroup: 2\nt ~~ v", group_equal="lv_covariances")
    assert table.constraints.texts == ("v~~t == t~~v.g2",)


def test_partial_reads_covariances_either_way_round() -> None:
    table = build(MODEL, group_equal=("loadings", "lv_covariances"), group_partial=("textual ~~ visual", "visual =~x2"))
    assert table.constraints.texts == (
        "visual=~x3 == visual=~x3.g2",
        "textual=~x5 == textual=~x5.g2",
        "textual=~x6 == textual=~x6.g2",
    )


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("visual=~x33", "is no parameter of the model. Did you mean 'visual=~x3'"),
        ("visual=~x1", "is not bound: group_equal leaves it free, or it is fixed"),
        ("x1~1", "is not bound"),
        ("textual=~x5", "is not bound: it is labelled a and b"),
    ],
)
def test_partial_must_name_what_is_bound(name: str, phrase: str) -> None:
    with pytest.raises(UsageError) as raised:
        build("visual =~ x1+x2+x3\ntextual =~ x4+c(a,b)*x5+x6", group_equal="loadings", group_partial=(name,))
    assert phrase in str(raised.value)


def test_what_the_text_sets_for_itself_stays_and_is_said() -> None:
    table = build("v =~ x1 + c(.5, NA)*x2 + c(a, b)*x3 + c(.7, .8)*x4 + x5 + c(k, k)*x6", group_equal="loadings")
    assert [row.value for row in table if row.written == "v=~x2"] == [0.5, None]
    assert sorted(table.constraints.texts) == ["v=~x5 == v=~x5.g2", "v=~x6 == v=~x6.g2"]
    message = finding(table, "group-equal-not-applied").message
    assert "v=~x2 (fixed at 0.5 in group 1), v=~x3 (labelled a and b), v=~x4 (fixed at 0.7 in group 1)." in message


def test_equality_that_follows_is_no_finding() -> None:
    table = build(MODEL, effect_coding=True, group_equal=("loadings", "intercepts"))
    assert codes(table) == []
    assert table.n_parameters == 30


def test_means_can_be_equal_under_effect_coding() -> None:
    free = build(MODEL, effect_coding=True, group_equal=("loadings", "intercepts"))
    equal = build(MODEL, effect_coding=True, group_equal=("loadings", "intercepts", "means"))
    assert "visual~1 == visual~1.g2" in equal.constraints.texts
    assert free.n_parameters - equal.n_parameters == 2


def test_latent_means_are_free_with_blocks_too() -> None:
    table = build("v =~ x1 + x2 + x3\ngroup: 2\nx1 ~~ x2", group_equal=("loadings", "intercepts"))
    means = [row for row in table if row.written == "v~1"]
    assert [row.value for row in means] == [0.0, None]
    assert means[1].origin.describe() == "group_equal_intercepts"


def test_freed_variances_say_by_which_rule() -> None:
    table = build(MODEL, std_lv=True, group_equal="loadings")
    rules = [row.origin.describe() for row in table if row.written == "visual~~visual"]
    assert rules == ["std_lv", "group_equal_loadings"]


# --- findings and other promises ------------------------------------------------------------------------------------


def test_findings_of_groups_are_said_once_with_their_groups() -> None:
    table = build("v =~ x1 + x2 + x3\nv ~~ c(1, NA)*v\nt =~ x4 + x5 + x6\nt ~~ 2*t", std_lv=True)
    messages = [item.message for item in table.findings if item.code == "std-lv-overridden"]
    assert [message.split(":")[0] for message in messages] == ["Groups Pasteur, Grant-White", "Group Grant-White"]
    assert [item.parameter for item in table.findings] == ["t~~t", "v~~v.g2"]


def test_written_intercept_keeps_means_in_all_groups() -> None:
    table = build("v =~ x1 + x2 + x3\nx1 ~ 1", meanstructure=False)
    assert table.meanstructure
    assert "meanstructure-forced" in codes(table)


def test_exogenous_rows_take_their_values_in_each_group() -> None:
    table = build("y ~ x + z")
    assert [row.key for row in table if row.exogenous] == [
        *("x~~x", "x~~z", "z~~z", "x~1", "z~1"),
        *("x~~x.g2", "x~~z.g2", "z~~z.g2", "x~1.g2", "z~1.g2"),
    ]


def test_contradiction_between_groups_is_found() -> None:
    with pytest.raises(ModelError, match="contradicts"):
        build("v =~ x1 + a*x2 + x3\na == 0.5\nt =~ x4 + c(.5, .6)*x5 + x6\nb := a\nx1 ~~ k*x1\nk == 1\nk == 2")
