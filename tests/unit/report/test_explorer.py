"""The scenario explorer of a report computes what `fit.scenario` says."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trustsem as ts
from trustsem.report.document import Bullets, ExplorerBlock, Paragraph, Section
from trustsem.report.formats import FORMATS
from trustsem.report.sections.explorer import STEP, explorer
from trustsem.report.wording import Wording
from trustsem.study import ModelEntry, StudyResult, StudySpec, run_study

EXACT = 1e-9  # the same products, added in another order
SAMPLE = ts.samples_dir() / "trust_patients.csv"


def study(model: str, sample: str = "trust_patients", **options: Any) -> StudyResult:
    spec = StudySpec("t", ts.samples_dir() / f"{sample}.csv", (ModelEntry("main", model, options),), draws=0)
    return run_study(spec)


def block_of(section: Section | None) -> ExplorerBlock:
    assert section is not None
    (block,) = (block for block in section.blocks if isinstance(block, ExplorerBlock))
    return block


def moved(content: Mapping[str, Any], group: int, target: str, steps: Mapping[str, float], unit: str) -> list[float]:
    """Return change and limits by the rule that the page's script has."""
    names = content["constructs"]
    cells = content["groups"][group]["cells"][str(names.index(target))]
    s = np.array([steps.get(names[source], 0.0) for source in cells["sources"]])
    value = float(s @ np.array(cells[unit]))
    half = content["z"] * float(s @ np.array(cells[f"{unit}_covariance"]) @ s) ** 0.5
    return [value, value - half, value + half]


@pytest.fixture(scope="module")
def formation() -> StudyResult:
    return study("trust_formation")


def test_sliders_are_the_exogenous_constructs_and_then_the_others(formation: StudyResult) -> None:
    content = block_of(explorer(formation, Wording("en"))).content
    names = content["constructs"]
    levers = [names[k] for k in content["levers"]]
    assert levers == ["humanistic_quality", "individual_quality", "medical_situation", "rights_protection",
                      "group_identity", "social_trust", "public_opinion"]  # fmt: skip
    assert "intergroup_trust" in [names[k] for k in content["others"]]
    assert names[content["outcome"]] == "trust_relationship"
    assert "trust_relationship" not in [names[k] for k in (*content["levers"], *content["others"])]


def test_changes_are_those_of_a_scenario(formation: StudyResult) -> None:
    content = block_of(explorer(formation, Wording("en"))).content
    steps = {"rights_protection": 1.2, "social_trust": -0.7, "intergroup_trust": 0.4}
    changes = formation.main.scenario({name: f"{size:+}sd" for name, size in steps.items()}).changes
    rows = changes.set_index("construct")
    for target in (content["constructs"][k] for k in content["targets"]):
        for unit in ("sd", "points"):
            expected = rows.loc[target, [unit, f"{unit}_lower", f"{unit}_upper"]].to_numpy(dtype=float)
            np.testing.assert_allclose(moved(content, 0, target, steps, unit), expected, rtol=EXACT, atol=EXACT)


def test_the_table_holds_single_steps(formation: StudyResult) -> None:
    table = block_of(explorer(formation, Wording("en"))).fallback
    change = formation.main.scenario({"rights_protection": f"+{STEP}sd"}).changes.set_index("construct")
    row = change.loc["trust_relationship"]
    (cells,) = (cells for cells in table.rows if cells[0] == "protection of rights")
    assert cells[1:] == (
        f"{row['sd']:.3f}",
        f"[{row['sd_lower']:.3f}, {row['sd_upper']:.3f}]",
        f"{row['points']:.1f}",
        f"[{row['points_lower']:.1f}, {row['points_upper']:.1f}]",
    )
    assert len(table.rows) == 13


def test_assumptions_stand_beside_the_sliders(formation: StudyResult) -> None:
    section = explorer(formation, Wording("en"))
    assert section is not None
    (sentences,) = (block for block in section.blocks if isinstance(block, Bullets))
    assert set(formation.main.scenario_matrix().assumptions) <= set(sentences.items)


def test_groups_have_their_own_numbers() -> None:
    result = study("interpersonal_path", group="setting")
    content = block_of(explorer(result, Wording("en"))).content
    assert [group["label"] for group in content["groups"]] == list(result.main.group_labels)
    changes = result.main.scenario({"individual_quality": "+0.5sd"}).changes
    rows = changes[changes["construct"] == "interpersonal_trust"]
    for k, expected in enumerate(rows["sd"]):
        found = moved(content, k, "interpersonal_trust", {"individual_quality": 0.5}, "sd")
        assert found[0] == pytest.approx(expected, rel=EXACT)


def test_an_outcome_that_was_asked_for_comes_first(formation: StudyResult) -> None:
    asked = replace(formation, spec=replace(formation.spec, outcome="intergroup_trust"))
    content = block_of(explorer(asked, Wording("en"))).content
    assert content["constructs"][content["outcome"]] == "intergroup_trust"


def test_a_model_without_arrows_between_constructs_has_no_explorer(tmp_path: Path) -> None:
    model = tmp_path / "two.sem"
    model.write_text("q =~ hq1 + hq2 + hq3\nt =~ ipt1 + ipt2 + ipt3\n", encoding="utf-8")
    spec = StudySpec("t", SAMPLE, (ModelEntry("main", str(model)),), codebook="dpt_patient", draws=0)
    assert explorer(run_study(spec), Wording("en")) is None


def test_ordinal_items_move_in_standard_deviations_only() -> None:
    result = study("interpersonal_path", estimator="WLSMV", ordered=True)
    content = block_of(explorer(result, Wording("en"))).content
    assert all(cells["points"] is None for cells in content["groups"][0]["cells"].values())
    assert all(row[3:] == ("–", "–") for row in block_of(explorer(result, Wording("en"))).fallback.rows)


def test_the_html_report_has_every_cell_of_the_document(formation: StudyResult) -> None:
    from trustsem.report import build_document

    made = build_document(formation)
    page = FORMATS["html"].render(made).decode()
    shown = [html.unescape(cell) for cell in re.findall(r"<t[hd] (?:scope|class)[^>]*>([^<]*)</t[hd]>", page)]
    cells = Counter(cell for table in made.tables() for row in table.rows for cell in row if cell)
    assert sum(cells.values()) > 100
    assert not cells - Counter(shown)


def test_formats_without_sliders_show_the_table(formation: StudyResult) -> None:
    from trustsem.report import build_document

    text = FORMATS["markdown"].render(build_document(formation)).decode()
    assert "Expected change of doctor-patient trust relationship" in text


def test_a_model_with_products_says_why_there_are_no_sliders() -> None:
    section = explorer(study("rights_buffer", "group_relations"), Wording("en"))
    assert section is not None
    (paragraph,) = section.blocks
    assert isinstance(paragraph, Paragraph)
    assert "multiplies variables" in paragraph.text
