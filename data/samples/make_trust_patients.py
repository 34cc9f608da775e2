"""Write trust_patients.csv, a synthetic survey of 1,200 patients, and trust_patients.truth.json.

Run it without arguments to write both files beside this script. Nobody was asked: answers are drawn from POPULATION,
cut into points, stored as the questionnaire `dpt_patient` asks (third item of each construct reflected) and partly
lost. The truth file holds, for every shipped model on this sample, the parameters that its estimates tend to as the
sample grows, in the metric of the scored answers.

Why the population looks as it does. Figure 1 as reconstructed (`trust_formation`) is exactly true for the responses
behind the answers: respondents and ratings bear on interpersonal trust only through what the seven factors leave
unexplained. The two trusts and their relationship also satisfy the rival `second_order_trust`:
r(trusts) = r(first, relationship) * r(second, relationship), which fixes the two arrows into trust_relationship.
The parts of Figure 1 are very nearly true, as the factors of the two levels correlate only weakly.
`trust_formation_recursive` is wrong by one arrow, which is what it is there for.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trustsem.instruments import load_codebook
from trustsem.simulate import (
    ANSWERED,
    BROKEN_OFF,
    REFUSED,
    SKIPPED,
    AnswerScale,
    MissingPlan,
    Population,
    cut_responses,
    draw_missing,
    pseudo_true_parameters,
    scored_moments,
    store_answers,
)
from trustsem.spec.build import build_table
from trustsem.spec.library import list_models
from trustsem.syntax import parse_model

SEED = 1395  # the article number of the source; fixed before the first run
N_RESPONDENTS = 1200
SAMPLE = "trust_patients"
N_REGIONS = 12

# Every variable has variance 1; (residual) variances that are not written follow from that.
POPULATION = """
# Measurement: loadings of the responses behind the scored answers
humanistic_quality        =~ 0.78*hq1 + 0.74*hq2 + 0.66*hq3
individual_quality        =~ 0.70*iq1 + 0.68*iq2 + 0.62*iq3
medical_situation         =~ 0.74*ms1 + 0.76*ms2 + 0.68*ms3
rights_protection         =~ 0.72*rp1 + 0.76*rp2 + 0.64*rp3
group_identity            =~ 0.76*gi1 + 0.72*gi2 + 0.68*gi3
social_trust              =~ 0.74*st1 + 0.72*st2 + 0.66*st3
public_opinion            =~ 0.74*po1 + 0.76*po2 + 0.66*po3
interpersonal_interaction =~ 0.80*ii1 + 0.78*ii2 + 0.68*ii3
emotional_communication   =~ 0.78*ec1 + 0.80*ec2 + 0.68*ec3
interpersonal_trust       =~ 0.80*ipt1 + 0.82*ipt2 + 0.70*ipt3
intergroup_interaction    =~ 0.74*igi1 + 0.72*igi2 + 0.66*igi3
social_knowledge          =~ 0.72*sk1 + 0.74*sk2 + 0.64*sk3
intergroup_trust          =~ 0.76*igt1 + 0.80*igt2 + 0.70*igt3
trust_relationship        =~ 0.78*tr1 + 0.74*tr2 + 0.68*tr3

# Paths
interpersonal_interaction ~ 0.30*humanistic_quality + 0.25*individual_quality
interpersonal_interaction ~ 0.20*medical_situation + 0.20*rights_protection
emotional_communication   ~ 0.60*interpersonal_interaction
interpersonal_trust       ~ 0.45*emotional_communication + 0.15*interpersonal_interaction
intergroup_interaction    ~ 0.35*group_identity + 0.25*social_trust + 0.20*public_opinion
social_knowledge          ~ 0.55*intergroup_interaction
intergroup_trust          ~ 0.45*social_knowledge + 0.15*intergroup_interaction
interpersonal_trust       ~ 0.25*intergroup_trust
intergroup_trust          ~ 0.30*interpersonal_trust
interpersonal_trust      ~~ 0.10*intergroup_trust
trust_relationship        ~ 0.56*interpersonal_trust + 0.413*intergroup_trust

# Factors
humanistic_quality ~~ 0.45*individual_quality + 0.35*medical_situation + 0.30*rights_protection
individual_quality ~~ 0.35*medical_situation + 0.25*rights_protection
medical_situation  ~~ 0.40*rights_protection
group_identity     ~~ 0.35*social_trust + 0.30*public_opinion
social_trust       ~~ 0.40*public_opinion
humanistic_quality ~~ 0.20*group_identity + 0.15*social_trust + 0.10*public_opinion
individual_quality ~~ 0.15*group_identity + 0.15*social_trust + 0.10*public_opinion
medical_situation  ~~ 0.15*group_identity + 0.20*social_trust + 0.15*public_opinion
rights_protection  ~~ 0.15*group_identity + 0.25*social_trust + 0.15*public_opinion

# Respondents and their visit, unrelated to the seven factors (inpatients and small clinics score high)
interpersonal_trust ~ 0.12*age + -0.10*education + 0.12*life_satisfaction + 0.10*setting + 0.10*hospital_grade
age                ~~ -0.35*education + 0.10*life_satisfaction
education          ~~ 0.10*life_satisfaction

# Ratings of the doctor: each shows individual quality, and shares causes with trust that lie outside the factors
technique ~ 0.50*individual_quality
ethics    ~ 0.50*individual_quality
service   ~ 0.50*individual_quality
technique ~~ 0.20*ethics + 0.15*service
ethics    ~~ 0.25*service
interpersonal_trust ~~ 0.13*technique + 0.15*ethics + 0.13*service
"""

# Shares of the five scores, lowest first: more agreement than rejection, less so for groups than for persons.
PERSON = (0.03, 0.09, 0.22, 0.43, 0.23)
PLACE = (0.05, 0.13, 0.26, 0.38, 0.18)
GROUP = (0.06, 0.15, 0.30, 0.35, 0.14)
NEGATIVE_POLE = (0.08, 0.18, 0.27, 0.31, 0.16)
SHARES = {
    "humanistic_quality": PERSON,
    "individual_quality": PERSON,
    "interpersonal_interaction": PERSON,
    "emotional_communication": PERSON,
    "interpersonal_trust": PERSON,
    "medical_situation": PLACE,
    "rights_protection": PLACE,
    "group_identity": PLACE,
    "social_knowledge": PLACE,
    "trust_relationship": PLACE,
    "social_trust": GROUP,
    "public_opinion": GROUP,
    "intergroup_interaction": GROUP,
    "intergroup_trust": GROUP,
}
RATING = (0.03, 0.08, 0.24, 0.42, 0.23)
COVARIATES = (
    AnswerScale.from_rounding("age", mean=47, sd=16, minimum=18, maximum=95),
    AnswerScale.from_shares("education", (0.12, 0.24, 0.28, 0.28, 0.08)),
    AnswerScale.from_shares("life_satisfaction", (0.02, 0.03, 0.05, 0.07, 0.12, 0.15, 0.20, 0.20, 0.10, 0.06)),
    AnswerScale.from_shares("technique", RATING),
    AnswerScale.from_shares("ethics", RATING),
    AnswerScale.from_shares("service", RATING),
    AnswerScale.from_shares("setting", (0.60, 0.40), scores=(0, 1)),
    AnswerScale.from_shares("hospital_grade", (0.60, 0.40), scores=(0, 1)),
)
SETTINGS = ("outpatient", "inpatient")
GRADES = ("large", "small")
MISSING = MissingPlan(row_share=0.10, break_off_share=0.30, skip_rate=0.05, refused_share=0.40)
MISSING_CELLS = {SKIPPED: "-8", REFUSED: "-9", BROKEN_OFF: ""}

Columns = dict[str, list[str]]


def population() -> Population:
    """Return the population of the responses behind the answers."""
    return Population.from_syntax(POPULATION, standardized=True)


def answer_scales(names: tuple[str, ...]) -> tuple[AnswerScale, ...]:
    """Return the scales of these variables; which items are reversed is the codebook's to say."""
    scales = {scale.name: scale for scale in COVARIATES}
    for item in load_codebook("dpt_patient").items:
        shares = NEGATIVE_POLE if item.reverse else SHARES[item.construct]
        scales[item.name] = AnswerScale.from_shares(item.name, shares, reverse=item.reverse)
    return tuple(scales[name] for name in names)


def draw_answers(n_obs: int, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """Return complete answers as the questionnaire stores them, one array for each variable."""
    whole = population()
    scales = answer_scales(whole.observed)
    spread = np.sqrt(np.diag(whole.observed_cov))
    scores = cut_responses(whole.draw(n_obs, rng), scales, whole.observed_mean, spread)
    stored = store_answers(scores, scales).astype(np.int64)
    return dict(zip(whole.observed, stored.T, strict=True))


def assign_hospitals(is_small: NDArray[np.int64], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Return hospital and region: each region has one large and one small hospital, of unequal size.

    Answers within a hospital have nothing in common beyond its grade.
    """
    sizes = np.arange(6, 6 + N_REGIONS, dtype=np.float64)
    region = rng.choice(N_REGIONS, size=len(is_small), p=sizes / sizes.sum())
    hospital = 2 * region + is_small + 1
    return [f"H{number:02d}" for number in hospital], [f"R{number + 1:02d}" for number in region]


def make_sample() -> Columns:
    """Return the synthetic survey, one list of cells for each column."""
    rng = np.random.default_rng(SEED)
    answers = draw_answers(N_RESPONDENTS, rng)
    hospital, region = assign_hospitals(answers["hospital_grade"], rng)
    asked = [item.name for item in load_codebook("dpt_patient").items]
    asked += [scale.name for scale in COVARIATES if scale.name not in ("setting", "hospital_grade")]
    kinds = draw_missing(N_RESPONDENTS, len(asked), MISSING, rng)
    cells: Columns = {"respondent": [str(number + 1) for number in range(N_RESPONDENTS)]}
    for name, column in zip(asked, kinds.T, strict=True):
        cells[name] = [
            str(answer) if kind == ANSWERED else MISSING_CELLS[int(kind)]
            for answer, kind in zip(answers[name], column, strict=True)
        ]
    cells["setting"] = [SETTINGS[value] for value in answers["setting"]]
    cells["hospital_grade"] = [GRADES[value] for value in answers["hospital_grade"]]
    return {**cells, "hospital": hospital, "region": region}


def make_truth() -> dict[str, object]:
    """Return the parameters that the shipped models tend to on this population's scored answers."""
    whole = population()
    moments = scored_moments(whole.observed_cov, answer_scales(whole.observed))
    models = {}
    for model in list_models():
        if model.sample != SAMPLE:
            continue
        truth = pseudo_true_parameters(build_table(parse_model(model.syntax)), moments.names, moments.cov)
        models[model.name] = {
            "df": truth.df,
            "discrepancy": round(truth.discrepancy, 9),
            "rmsea": round(truth.rmsea or 0.0, 6),
            "parameters": {name: round(float(v), 8) for name, v in zip(truth.names, truth.values, strict=True)},
            "defined": {name: round(value, 8) for name, value in truth.defined.items()},
        }
    meta = {
        "what": "parameters that maximum likelihood tends to as the sample grows; metric: scored answers",
        "script": Path(__file__).name,
        "seed": SEED,
        "population_sha256": hashlib.sha256(POPULATION.encode()).hexdigest(),
    }
    return {"_meta": meta, "models": models}


def write_sample(path: Path) -> None:
    """Write the synthetic survey as UTF-8 CSV with Unix line ends."""
    columns = make_sample()
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_truth(path: Path) -> None:
    """Write the true parameters as JSON."""
    path.write_text(json.dumps(make_truth(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent
    write_sample(folder / f"{SAMPLE}.csv")
    write_truth(folder / f"{SAMPLE}.truth.json")
