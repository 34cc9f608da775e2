"""The model library: what ships is consistent with theory and questionnaire; faulty files get clear errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trustsem.errors import ModelError
from trustsem.instruments import list_codebooks, load_codebook
from trustsem.resources import models_dir
from trustsem.spec.library import LibraryModel, list_models, load_model, model_names
from trustsem.theory import load_theory

# Degrees of freedom as lavaan 0.6-14 prints them for these texts on their samples, with the groups that they name.
LAVAAN_DF = {
    "care_setting": 377,
    "care_setting_means": 361,
    "clinician_practices": 125,
    "conflict_cycle": 171,
    "hints7_communication_trust": 62,
    "hints7_communication_two_factor": 58,
    "individual_differences": 204,
    "ingroup_bias": 81,
    "integration_structure": 782,
    "intergroup_path": 126,
    "interpersonal_path": 176,
    "perception_gap": 10,
    "rights_buffer": 48,
    "second_order_trust": 25,
    "social_mentality": 239,
    "trust_facets": 30,
    "trust_formation": 780,
    "trust_formation_core": 239,
    "trust_formation_crossed": 773,
    "trust_formation_recursive": 781,
}
MODELS = list_models()


def code_of(model: LibraryModel) -> list[str]:
    bare = "\n".join(line.split("#")[0].rstrip() for line in model.syntax.splitlines())
    return [line.strip() for line in re.sub(r"\+\n\s*", "+ ", bare).splitlines() if line.strip()]


def arrows(model: LibraryModel) -> set[tuple[str, str]]:
    found = set()
    for line in code_of(model):
        if " ~ " in line:
            left, right = line.split(" ~ ")
            found |= {(term.split("*")[-1].strip(), left) for term in right.split(" + ")}
    return found


def test_what_ships():
    assert {model.name: model.expected_df for model in MODELS} == LAVAAN_DF
    assert model_names() == tuple(LAVAAN_DF)
    assert {path.stem for path in models_dir().glob("*.toml")} == set(LAVAAN_DF)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_descriptions_are_complete_in_both_languages(model):
    for text in (model.title, model.question):
        assert text is not None
        assert text.en
        assert re.search("[\u4e00-\u9fff]", text.zh or "")
    assert set(model.sources) <= set(load_theory().sources)
    assert {path.source for path in model.path_basis} <= set(model.sources)
    assert model.sample
    assert model.estimator
    assert model.notes
    assert model.instrument in list_codebooks()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_arrow_has_a_basis_and_every_basis_an_arrow(model):
    described = {(p.predictor, p.outcome) for p in model.path_basis if p.op == "~"}
    assert described == arrows(model)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_item_and_covariate_is_in_the_codebook(model: LibraryModel):
    assert model.instrument is not None
    codebook = load_codebook(model.instrument)
    variables = {*codebook.item_names, *(covariate.name for covariate in codebook.covariates)}
    latent = {line.split(" =~ ")[0] for line in code_of(model) if " =~ " in line}
    for line in code_of(model):
        if ":=" not in line:
            terms = {term.split("*")[-1].strip() for term in re.split(r" =~ | ~~ | ~ | \+ ", line)}
            names = {part for term in terms for part in term.split(":")}
            assert names <= variables | latent
    assert set(model.covariates) <= variables


@pytest.mark.parametrize("model", [m for m in MODELS if m.instrument != "hints7"], ids=lambda m: m.name)
def test_items_measure_the_construct_they_stand_under(model):
    codebook = load_codebook(model.instrument)
    for line in code_of(model):
        if " =~ " in line:
            construct, right = line.split(" =~ ")
            items = {term.strip() for term in right.split(" + ")} - set(codebook.construct_names)
            assert items == {item.name for item in codebook.items_of(construct)}


@pytest.mark.parametrize("model", [m for m in MODELS if m.options is not None], ids=lambda m: m.name)
def test_texts_are_what_trust_model_renders(model):
    built = model.trust_model()
    assert model.syntax == built.syntax()
    assert model.covariates == built.covariates
    assert [(p.predictor, p.outcome, p.basis, p.source, p.hypotheses) for p in model.path_basis] == [
        (a.predictor, a.outcome, a.basis, a.source, a.hypotheses) for a in built.arrows
    ]


def test_only_the_models_outside_the_figure_are_written_by_hand():
    by_hand = {model.name for model in MODELS if model.options is None}
    assert by_hand == {
        "care_setting",
        "care_setting_means",
        "conflict_cycle",
        "hints7_communication_trust",
        "clinician_practices",
        "hints7_communication_two_factor",
        "ingroup_bias",
        "integration_structure",
        "perception_gap",
        "rights_buffer",
        "second_order_trust",
        "social_mentality",
        "trust_facets",
        "trust_formation_core",
    }


GROUP_MODELS = [model for model in MODELS if model.group is not None]


def test_models_of_several_groups_name_column_labels_and_equalities():
    assert {model.name for model in GROUP_MODELS} == {"care_setting", "care_setting_means", "perception_gap"}
    for model in GROUP_MODELS:
        assert model.instrument is not None
        column = load_codebook(model.instrument).covariate(model.group)
        assert model.group_label == tuple(category.value for category in column.categories)
        assert set(model.group_equal) <= {"loadings", "intercepts"}


@pytest.mark.parametrize("model", GROUP_MODELS, ids=lambda m: m.name)
def test_group_models_carry_no_label(model: LibraryModel):
    """A single label would make a parameter equal in all groups, and `group_equal` passes over labelled ones."""
    assert not any("*" in line for line in code_of(model))


@pytest.mark.parametrize("model", GROUP_MODELS, ids=lambda m: m.name)
def test_exceptions_name_parameters_of_the_text(model: LibraryModel):
    loadings = {
        f"{factor}=~{item}"
        for factor, right in (line.split(" =~ ") for line in code_of(model) if " =~ " in line)
        for item in right.split(" + ")
    }
    intercepts = {f"{loading.split('=~')[1]}~1" for loading in loadings}
    assert set(model.group_partial) <= loadings | intercepts


def degrees_of_freedom(model: LibraryModel, *equal: str, exceptions: bool = False) -> int:
    """Count by hand, for models of factors with items in two groups: with means, lavaan's defaults."""
    measured = [line.split(" =~ ")[1].split(" + ") for line in code_of(model) if " =~ " in line]
    paths, factors, items = len(arrows(model)), len(measured), sum(map(len, measured))
    outcomes = len({outcome for _, outcome in arrows(model)})
    exogenous = factors - outcomes
    per_group = (items - factors) + items + exogenous * (exogenous + 1) // 2 + outcomes + paths + items
    df = 2 * (items * (items + 3) // 2 - per_group)
    df += (items - factors) * ("loadings" in equal) + paths * ("regressions" in equal)
    df += (items - factors * ("means" not in equal)) * ("intercepts" in equal)
    return df - len(model.group_partial) * exceptions


@pytest.mark.parametrize("model", GROUP_MODELS, ids=lambda m: m.name)
def test_degrees_of_freedom_of_the_steps(model: LibraryModel):
    assert degrees_of_freedom(model, *model.group_equal, exceptions=True) == model.expected_df
    steps = {variant.name: variant.expected_df for variant in model.variants}
    assert steps.pop("configural") == degrees_of_freedom(model)
    assert steps.pop("metric") == degrees_of_freedom(model, "loadings")
    if model.group_partial:
        assert steps.pop("scalar") == degrees_of_freedom(model, "loadings", "intercepts")
    ((last, df),) = steps.items()
    more = {"equal_paths": "regressions", "equal_means": "means"}[last]
    assert df == degrees_of_freedom(model, "loadings", "intercepts", more, exceptions=True)


def test_unknown_name_gets_a_suggestion():
    with pytest.raises(ModelError, match="Did you mean 'trust_formation'") as caught:
        load_model("trust_formaton")
    assert caught.value.exit_code == 12


def test_a_text_of_ones_own_with_and_without_description(tmp_path: Path):
    text = tmp_path / "own.sem"
    text.write_text("\ufefff =~ x1 + x2 + x3\n", encoding="utf-8")
    model = load_model(text)
    assert model.name == "own"
    assert model.syntax.startswith("f =~")
    assert (model.title, model.expected_df, model.path_basis) == (None, None, ())
    (tmp_path / "own.toml").write_text('title = "Mine"\nexpected_df = 0\n', encoding="utf-8")
    model = load_model(str(text))
    assert model.title is not None
    assert model.title.en == "Mine"
    assert model.expected_df == 0
    with pytest.raises(ModelError, match=r"own\.sem"):
        load_model(tmp_path / "own.toml")


def test_faulty_texts(tmp_path: Path):
    (tmp_path / "blank.sem").write_text("# nothing\n\n  ! here\n", encoding="utf-8")
    (tmp_path / "latin.sem").write_bytes(b"f =~ x1\n# caf\xe9\n")
    for name, phrase in (
        ("blank.sem", "is empty"),
        ("latin.sem", r"not UTF-8 \(line 2\)"),
        ("blnk.sem", "Did you mean"),
    ):
        with pytest.raises(ModelError, match=phrase):
            load_model(tmp_path / name)
    with pytest.raises(ModelError, match="folder"):
        load_model(tmp_path)


def test_all_faults_of_a_description_come_at_once(tmp_path: Path):
    (tmp_path / "own.sem").write_text("f =~ x1 + x2 + x3\n", encoding="utf-8")
    (tmp_path / "own.toml").write_text(
        """
titel = "Mine"
question = ""
expected_df = "3"
ordered = "yes"
notes = [1]
estimator = 3
group_equal = ["loadings"]
group_label = ["one", "one"]
[trust_model]
feedbak = true
[[paths]]
from = "a"
to = "b"
basis = "guess"
op = "->"
[[variants]]
name = "v"
""",
        encoding="utf-8",
    )
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "own.sem")
    faults = "\n".join(caught.value.faults)
    for phrase in ("Did you mean 'title'", "'question'", "'expected_df'", "'ordered'", "'notes'", "'estimator'",
                   "Did you mean 'feedback'", "unknown basis 'guess'", "op must be", "'source' is missing",
                   "'difference' is missing", "without 'group'", "two groups at least, each once"):  # fmt: skip
        assert phrase in faults
    (tmp_path / "own.toml").write_text('group = "g"\ngroup_partial = ["x1~1"]\n', encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "own.sem")
    assert "'group_equal', which is missing" in caught.value.faults[0]
    (tmp_path / "own.toml").write_text("title = ", encoding="utf-8")
    with pytest.raises(ModelError, match="not valid TOML"):
        load_model(tmp_path / "own.sem")
