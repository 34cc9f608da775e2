"""Models that are wrong in ways a reader would not guess: each says what is wrong, none is silent."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import EffectError, ModelError

HS = pd.read_csv(Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv")


def test_fixed_values_that_leave_no_covariance_matrix() -> None:
    with pytest.raises(ModelError, match="f~~f") as caught:
        ts.fit("f =~ x1 + x2 + x3\nf ~~ -1*f", HS)
    assert caught.value.exit_code == 12


def test_definitions_without_a_value_are_named() -> None:
    fit = ts.fit("f =~ x1 + a*x2 + x3\nb := log(0 - a)\nc := 1/0\nd := a + 1", HS)
    (finding,) = [f for f in fit.findings if f.code == "undefined-definition"]
    assert "b, c" in finding.message
    assert pd.notna(fit.estimates.set_index("lhs").loc["d", "est"])


@pytest.mark.parametrize(
    ("lines", "named"), [("a > 2\na < 1\na < 5", ("line 2", "line 3")), ("a == b\na > 2\nb < 1", ("line 3", "line 4"))]
)
def test_contradictory_inequalities(lines: str, named: tuple[str, str]) -> None:
    with pytest.raises(ModelError) as caught:
        ts.fit(f"f =~ x1 + a*x2 + b*x3 + x4\n{lines}", HS)
    assert caught.value.code == "contradictory-constraints"
    assert len(caught.value.faults) == 2
    assert all(any(place in fault for fault in caught.value.faults) for place in named)


def test_a_latent_without_indicators_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="without indicators"):
        ts.fit("f =~ 0\nx1 ~ f", HS)


def test_effect_of_a_variable_on_itself_is_its_loop() -> None:
    fit = ts.fit("trust_formation", ts.samples_dir() / "trust_patients.csv")
    gain = fit.loops().loc[0, "gain"]
    effects = fit.effects("interpersonal_trust", "interpersonal_trust").set_index("effect")["est"]
    assert effects["specific indirect"] == pytest.approx(gain, rel=1e-9)
    assert effects["total"] == pytest.approx(gain / (1 - gain), rel=1e-9)
    with pytest.raises(EffectError, match="No path"):
        fit.effects("humanistic_quality", "humanistic_quality")


def test_a_label_that_is_a_column_is_pointed_out() -> None:
    fit = ts.fit("x1 ~ x2*x3", HS)
    (finding,) = [f for f in fit.findings if f.code == "label-is-a-column"]
    assert "x2:x3" in str(finding.remedy)
    assert not [f for f in ts.fit("x1 ~ b*x3", HS).findings if f.code == "label-is-a-column"]
