"""Charts show the numbers of the tables that they come from; colours can be read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import trustsem as ts
from trustsem.distributions import Z95
from trustsem.errors import UsageError
from trustsem.fitting import Fit
from trustsem.plots.chart import BinPanel, RowPanel, tick_text, ticks
from trustsem.plots.chart_layout import arrange
from trustsem.plots.palette import DARK, LIGHT, THEMES, at, readable_on, shades


@cache
def fit_of(model: str, sample: str) -> Fit:
    return ts.fit(model, ts.samples_dir() / f"{sample}.csv")


@cache
def interpersonal() -> Fit:
    return fit_of("interpersonal_path", "trust_patients")


def test_loadings_are_those_of_the_standardised_solution() -> None:
    frame = interpersonal().standardized()
    frame = frame.loc[frame["op"] == "=~"]
    plot = interpersonal().plot("loadings")
    assert [x.value for x in plot.loadings] == frame["est_std"].tolist()
    assert [x.lower for x in plot.loadings] == frame["ci_lower"].tolist()
    assert plot.loadings[0].wording


def test_markers_have_no_interval() -> None:
    plot = interpersonal().plot("loadings", standardized=False)
    assert [x.indicator for x in plot.loadings if x.is_fixed] == ["hq1", "iq1", "ms1", "rp1", "ii1", "ec1", "ipt1"]
    assert all(x.lower is None for x in plot.loadings if x.is_fixed)
    assert all(row.is_hollow for row in plot.chart().panels[0].rows if row.label.endswith("1"))


def test_groups_are_panels_with_one_axis() -> None:
    chart = fit_of("care_setting", "trust_settings").plot("loadings").chart()
    assert [panel.title for panel in chart.panels] == ["outpatient", "inpatient"]
    assert len({panel.range() for panel in chart.panels if isinstance(panel, RowPanel)}) == 1


def test_effects_are_those_of_the_table() -> None:
    frame = interpersonal().effects("humanistic_quality", "interpersonal_trust")
    raw = interpersonal().plot("effects", x="humanistic_quality", y="interpersonal_trust", standardized=False)
    assert [row.value for row in raw.effects] == frame["est"].tolist()
    assert np.allclose([row.lower for row in raw.effects], frame["ci_lower"])
    std = interpersonal().plot("effects", x="humanistic_quality", y="interpersonal_trust")
    assert np.allclose([row.upper for row in std.effects], frame["std_all"] + Z95 * frame["std_se"])


def test_long_forests_are_shortened_and_say_so() -> None:
    plot = fit_of("trust_formation", "trust_patients").plot("effects")
    assert {row.effect for row in plot.effects} <= {"total indirect", "direct"}
    assert "Left out" in plot.text()
    assert "Left out" not in interpersonal().plot("effects").text()


def test_models_without_effects_are_refused() -> None:
    with pytest.raises(UsageError, match="no effects to draw"):
        fit_of("perception_gap", "perception_gap").plot("effects")


def test_residuals_are_those_of_the_fit() -> None:
    record = interpersonal().residuals("cor_bollen")
    plot = interpersonal().plot("residuals")
    matrix = record.cov.to_numpy()  # type: ignore[union-attr]
    assert plot.values[3] == tuple(matrix[3, :3].tolist())
    first, second, value = plot.largest()[0]
    lower = np.tril(matrix, -1)
    assert abs(value) == np.abs(lower).max()
    assert f"{first} with {second}" in plot.text()
    assert interpersonal().plot("residuals", type="standardized").limit >= 1.96


def test_ordinal_fits_have_residuals_and_loadings() -> None:
    fit = fit_of("hints7_communication_trust", "hints7_twin")
    assert fit.plot("residuals").names[0] == "ChanceAskQuestions"
    assert len(fit.plot("loadings").loadings) == 11


def test_draws_are_counted_in_bins_and_limits_are_those_of_the_intervals() -> None:
    draws = fit_of("second_order_trust", "trust_patients").bootstrap(80, seed=4)
    plot = draws.plot(parameters=["trust_relationship=~tr2", "tr1~~tr1"], kind="basic", level=0.9)
    frame = draws.intervals("basic", level=0.9)
    row = frame.loc[(frame["lhs"] == "trust_relationship") & (frame["rhs"] == "tr2")].iloc[0]
    one = plot.parameters[0]
    assert (one.est, one.lower, one.upper) == (row["est"], row["ci_lower"], row["ci_upper"])
    assert sum(one.counts) == one.n_draws == draws.n_used
    assert one.edges[0] == draws.draws["trust_relationship=~tr2"].min()
    panel = plot.chart().panels[0]
    assert isinstance(panel, BinPanel)
    assert [mark.is_dashed for mark in panel.marks] == [False, True, True]


def test_definitions_come_first_and_labels_are_names() -> None:
    draws = fit_of("individual_differences", "trust_patients").monte_carlo(500, seed=1)
    assert draws.plot().parameters[0].name == "ii_ipt_via_ec"
    assert draws.plot(parameters="ii_ec").parameters[0].name == "emotional_communication~interpersonal_interaction"


def test_draws_of_fixed_and_unknown_parameters_are_refused() -> None:
    draws = fit_of("second_order_trust", "trust_patients").bootstrap(80, seed=4)
    with pytest.raises(UsageError) as caught:
        draws.plot(parameters=["trust_relationship=~tr1", "nothing"])
    assert "is fixed" in str(caught.value)
    assert "no parameter 'nothing'" in str(caught.value)


def test_ladder_has_every_fit_and_the_limits_of_the_rules() -> None:
    rules = ts.DecisionRules(cfi=0.004)
    result = ts.invariance("care_setting_means", ts.samples_dir() / "trust_settings.csv", rules=rules)
    plot = result.plot()
    assert len(plot.rows) == len(result.table)
    assert plot.decision == result.decision
    assert dict(plot.limits)["cfi"] == (-0.004,)
    panel = plot.chart().panels[0]
    assert isinstance(panel, RowPanel)
    assert -0.004 in panel.references
    rejected = [row.is_hollow for row in panel.rows]
    compared = result.table.loc[result.table["against"].notna()]
    assert rejected == (compared["status"] == "rejected").tolist()


def test_answers_are_counted_in_the_scored_direction() -> None:
    survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
    plot = ts.plot("responses", survey, items=["hq1", "hq3"])
    straight, reverse = plot.items
    for item in plot.items:
        column = survey.frame[item.name]
        assert [s.count for s in item.shares] == [int((column == point).sum()) for point in range(1, 6)]
        assert item.n_missing == int(column.isna().sum())
        assert sum(s.share for s in item.shares) == pytest.approx(1)
    assert straight.shares[4].label == "Strongly agree"
    assert reverse.shares[4].label == "Strongly disagree"  # the answer behind the highest score of a reversed item
    assert plot.chart().keys[0].text == "Strongly disagree"
    assert "hq3 (R)" in plot.svg()


def test_bars_are_split_at_the_middle_of_the_scale() -> None:
    survey = ts.read_survey(ts.samples_dir() / "hints7_twin.csv", "hints7")
    plot = ts.plot("responses", survey)
    for panel in plot.chart().panels:
        assert isinstance(panel, RowPanel)
        for row in panel.rows:
            if row.is_heading:
                continue
            bars = row.bars
            half = len(bars) // 2
            if len(bars) % 2:
                assert bars[half].start == pytest.approx(-bars[half].end)
            else:
                assert bars[half].start == pytest.approx(0)
            assert bars[-1].end - bars[0].start == pytest.approx(1)
            assert "missing" in row.text


def test_wording_is_in_the_language_that_is_asked_for() -> None:
    survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
    chinese = ts.plot("responses", survey, items="hq1", language="zh")
    assert chinese.items[0].wording == survey.codebook.item("hq1").wording.zh  # type: ignore[union-attr]
    assert chinese.items[0].shares[0].label != "Strongly disagree"


def test_surveys_without_answer_scales_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a\n" + "\n".join(f"{k / 7:.4f}" for k in range(50)), encoding="utf-8")
    survey = ts.read_survey(path)
    with pytest.raises(UsageError, match="answer scale"):
        ts.plot("responses", survey)


def test_panels_do_not_overlap_and_fit_on_the_page() -> None:
    draws = fit_of("second_order_trust", "trust_patients").bootstrap(80, seed=4)
    chart = draws.plot().chart()
    page = arrange(chart)
    boxes = page.plots
    assert len(boxes) == len(chart.panels)
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert all(box.right <= page.width and box.bottom <= page.height for box in boxes)


# --- axes and colours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.012, 0.002), (3.0, 3.1), (-250.0, 980.0)])
def test_ticks_are_round_and_told_apart(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert 3 <= len(marks) <= 11
    assert all(low <= mark <= high for mark in marks)
    step = marks[1] - marks[0]
    assert len({tick_text(mark, step) for mark in marks}) == len(marks)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    first, second = sorted((luminance(a), luminance(b)), reverse=True)
    return (first + 0.05) / (second + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_texts_and_lines_stand_out(theme) -> None:
    """WCAG 2.2: 4.5 : 1 for text (1.4.3), 3 : 1 for lines (1.4.11)."""
    for role in ("ink", "muted"):
        assert contrast(theme[role], theme["paper"]) >= 4.5
    for role in ("line", "negative", "reading", "neutral"):
        assert contrast(theme[role], theme["paper"]) >= 3
    for role in ("node", "interpersonal", "intergroup", "overarching", "item"):
        assert contrast(theme["ink"], theme[role]) >= 4.5


# Machado, Oliveira & Fernandes (2009), IEEE Trans. Vis. Comput. Graph. 15(6), table 1, severity 1.0; linear RGB
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour: str, deficiency: str) -> np.ndarray:
    """CIELAB (D65) of a colour as it is seen."""
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ seen / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_signs_are_told_apart_without_red_green_or_blue(theme, deficiency: str) -> None:
    """A distance of 20 in CIELAB is plain to the eye; 2 is just noticeable."""
    low, high = theme.diverging[:3], theme.diverging[-3:]
    pairs = [(theme["line"], theme["negative"]), *zip(low, reversed(high), strict=True)]
    assert min(np.linalg.norm(lab(a, deficiency) - lab(b, deficiency)) for a, b in pairs) > 20


@pytest.mark.parametrize("count", range(2, 12))
def test_numbers_on_bars_can_be_read(count: int) -> None:
    for theme in (LIGHT, DARK):
        colours = shades(theme, count)
        assert len(set(colours)) == count
        assert all(contrast(readable_on(colour), colour) >= 4.2 for colour in colours)  # best of black and white


def test_scale_of_colours_is_neutral_in_the_middle() -> None:
    assert at(LIGHT, 0.0) == LIGHT.diverging[3]
    assert at(LIGHT, -7) == LIGHT.diverging[0]
    assert at(DARK, 1) == DARK.diverging[-1]
