"""Write the samples of the short modules and of several groups, each with its truth file.

Run it without arguments to write those of DESIGNS (.csv and .truth.json) beside this script. Nobody was asked: responses are drawn from the populations below, cut at fixed
thresholds into five points, stored as the questionnaires ask (reversed items reflected) and partly lost.

Groups have populations of their own and share the thresholds, so that equal responses are equal answers whoever gives
them. What differs between groups stands in DIFFERENCES; everything else is the same. Without groups every variable has
variance 1 and residual variances that are not written follow from that.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import ConvergenceError
from trustsem.instruments import load_codebook
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.pipeline import PipelineOptions, fit_table
from trustsem.simulate import (
    ANSWERED,
    BROKEN_OFF,
    REFUSED,
    SKIPPED,
    AnswerScale,
    MissingPlan,
    Population,
    PseudoTruth,
    cut_responses,
    draw_missing,
    pseudo_true_parameters,
    scored_moments,
    store_answers,
)
from trustsem.spec.build import build_table
from trustsem.spec.library import LibraryModel, list_models
from trustsem.spec.options import SpecOptions
from trustsem.syntax import parse_model

MISSING = MissingPlan(row_share=0.08, break_off_share=0.30, skip_rate=0.05, refused_share=0.40)
MISSING_CELLS = {SKIPPED: "-8", REFUSED: "-9", BROKEN_OFF: ""}
AGREEMENT = (0.05, 0.13, 0.26, 0.38, 0.18)
MIDDLE = (0.08, 0.20, 0.32, 0.28, 0.12)
NEGATIVE_POLE = (0.08, 0.18, 0.27, 0.31, 0.16)
RATING = (0.03, 0.08, 0.24, 0.42, 0.23)
AGE = AnswerScale.from_rounding("age", mean=47, sd=16, minimum=18, maximum=95)
N_HOSPITALS = 12
WHOLE = 10**6  # each respondent of the sample stands for so many: true parameters have no sampling error

SETTINGS = """
# The same for outpatients and inpatients; outpatients have mean 0 and variance 1 on every variable
humanistic_quality        =~ 0.78*hq1 + 0.74*hq2 + 0.66*hq3
individual_quality        =~ 0.70*iq1 + 0.68*iq2 + 0.62*iq3
medical_situation         =~ 0.74*ms1 + 0.76*ms2
rights_protection         =~ 0.72*rp1 + 0.76*rp2 + 0.64*rp3
interpersonal_interaction =~ 0.80*ii1 + 0.78*ii2 + 0.68*ii3
emotional_communication   =~ 0.78*ec1 + 0.80*ec2 + 0.68*ec3
interpersonal_trust       =~ 0.80*ipt1 + 0.82*ipt2 + 0.70*ipt3

interpersonal_interaction ~ 0.30*humanistic_quality + 0.25*individual_quality
interpersonal_interaction ~ 0.20*medical_situation + 0.20*rights_protection
emotional_communication   ~ 0.60*interpersonal_interaction
interpersonal_trust       ~ 0.15*interpersonal_interaction

humanistic_quality ~~ 1*humanistic_quality + 0.45*individual_quality + 0.35*medical_situation + 0.30*rights_protection
individual_quality ~~ 1*individual_quality + 0.35*medical_situation + 0.25*rights_protection
medical_situation  ~~ 1*medical_situation + 0.40*rights_protection
rights_protection  ~~ 1*rights_protection
interpersonal_interaction ~~ 0.53*interpersonal_interaction
emotional_communication   ~~ 0.64*emotional_communication
interpersonal_trust       ~~ 0.792*interpersonal_trust

hq1 ~~ 0.3916*hq1
hq2 ~~ 0.4524*hq2
hq3 ~~ 0.5644*hq3
iq1 ~~ 0.5100*iq1
iq2 ~~ 0.5376*iq2
iq3 ~~ 0.6156*iq3
ms1 ~~ 0.4524*ms1
ms2 ~~ 0.4224*ms2
ms3 ~~ 0.5376*ms3
rp1 ~~ 0.4816*rp1
rp2 ~~ 0.4224*rp2
rp3 ~~ 0.5904*rp3
ii1 ~~ 0.3600*ii1
ii2 ~~ 0.3916*ii2
ii3 ~~ 0.5376*ii3
ec1 ~~ 0.3916*ec1
ec2 ~~ 0.3600*ec2
ec3 ~~ 0.5376*ec3
ipt1 ~~ 0.3600*ipt1
ipt2 ~~ 0.3276*ipt2
ipt3 ~~ 0.5100*ipt3
"""
OUTPATIENT = """
# Outpatients: crowding hurries their visits, single contacts leave feelings less weight
medical_situation   =~ 0.68*ms3
interpersonal_trust ~ 0.35*emotional_communication
"""
INPATIENT = """
# Inpatients: one item with another loading, two with other intercepts, one path and the means
medical_situation   =~ 0.40*ms3
interpersonal_trust ~ 0.60*emotional_communication
ms3 ~ -0.30*1
rp2 ~ 0.35*1
humanistic_quality ~ 0.10*1
medical_situation ~ 0.30*1
interpersonal_interaction ~ 0.15*1
emotional_communication ~ 0.15*1
interpersonal_trust ~ 0.10*1
"""

PERCEPTION = """
# The same for both sides; patients have mean 0 and variance 1 on every variable
psychological_attention =~ 0.78*pa1 + 0.74*pa2 + 0.66*pa3 + 0.72*pa4
pa1 ~~ 0.3916*pa1
pa2 ~~ 0.4524*pa2
pa3 ~~ 0.5644*pa3
pa4 ~~ 0.4816*pa4
"""
PATIENT = """
# Patients
psychological_attention ~~ 1*psychological_attention
"""
CLINICIAN = """
# Clinicians see more of it and agree more with each other
psychological_attention ~~ 0.75*psychological_attention
psychological_attention ~ 0.50*1
"""

FACETS = """
humanistic_quality =~ 0.78*hq1 + 0.74*hq2 + 0.66*hq3
trust_rational     =~ 0.80*trat1 + 0.78*trat2 + 0.68*trat3
trust_emotional    =~ 0.80*temo1 + 0.76*temo2 + 0.68*temo3
adherence          =~ 0.74*adh1 + 0.70*adh2 + 0.62*adh3
felt_benefit       =~ 0.78*ben1 + 0.74*ben2 + 0.66*ben3
patient_openness   =~ 0.76*opn1 + 0.70*opn2 + 0.64*opn3
satisfaction       =~ 0.80*sat1 + 0.78*sat2 + 0.66*sat3

# Technique earns rational, humanity emotional trust, each with a little of the other
humanistic_quality ~ 0.40*technique
trust_rational     ~ 0.45*technique + 0.15*humanistic_quality
trust_emotional    ~ 0.10*technique + 0.50*humanistic_quality
trust_rational    ~~ 0.20*trust_emotional

# What trust leads to
adherence        ~ 0.30*trust_rational + 0.20*trust_emotional
felt_benefit     ~ 0.45*adherence
patient_openness ~ 0.30*felt_benefit + 0.25*trust_emotional
satisfaction     ~ 0.35*felt_benefit + 0.30*trust_emotional + 0.15*trust_rational
"""

CULTURE = """
cultural_mentality        =~ 0.72*cm1 + 0.70*cm2 + 0.62*cm3
intergroup_interaction    =~ 0.74*igi1 + 0.72*igi2 + 0.66*igi3
social_knowledge          =~ 0.72*sk1 + 0.74*sk2 + 0.64*sk3
intergroup_trust          =~ 0.76*igt1 + 0.80*igt2 + 0.70*igt3
interpersonal_interaction =~ 0.80*ii1 + 0.78*ii2 + 0.68*ii3
emotional_communication   =~ 0.78*ec1 + 0.80*ec2 + 0.68*ec3
interpersonal_trust       =~ 0.80*ipt1 + 0.82*ipt2 + 0.70*ipt3
trust_relationship        =~ 0.78*tr1 + 0.74*tr2 + 0.68*tr3

# Culture frames the groups, culture and groups the persons; nothing goes back up
intergroup_interaction    ~ 0.45*cultural_mentality
social_knowledge          ~ 0.55*intergroup_interaction
intergroup_trust          ~ 0.40*social_knowledge + 0.10*intergroup_interaction + 0.30*cultural_mentality
interpersonal_interaction ~ 0.30*cultural_mentality
emotional_communication   ~ 0.60*interpersonal_interaction
interpersonal_trust       ~ 0.45*emotional_communication + 0.15*interpersonal_interaction + 0.25*intergroup_trust
trust_relationship        ~ 0.20*cultural_mentality + 0.30*intergroup_trust + 0.40*interpersonal_trust
"""

CONFLICT = """
root_legal              =~ 0.74*rle1 + 0.70*rle2 + 0.64*rle3
root_institutional      =~ 0.76*rin1 + 0.72*rin2 + 0.62*rin3
root_cultural           =~ 0.72*rcu1 + 0.70*rcu2 + 0.64*rcu3
relief_channels         =~ 0.78*rlf1 + 0.72*rlf2 + 0.66*rlf3
conflict                =~ 0.74*cfl1 + 0.78*cfl2 + 0.66*cfl3
emotional_communication =~ 0.78*ec1 + 0.80*ec2 + 0.68*ec3
trust_relationship      =~ 0.78*tr1 + 0.74*tr2 + 0.68*tr3

# Conflict and trust feed each other; each has causes of its own
conflict           ~ 0.15*root_legal + 0.25*root_institutional + 0.15*root_cultural + -0.20*relief_channels
conflict           ~ -0.30*trust_relationship
trust_relationship ~ -0.25*conflict + 0.40*emotional_communication
conflict          ~~ -0.10*trust_relationship

root_legal         ~~ 0.40*root_institutional + 0.30*root_cultural + -0.25*relief_channels
root_legal         ~~ -0.10*emotional_communication
root_institutional ~~ 0.35*root_cultural + -0.30*relief_channels + -0.15*emotional_communication
root_cultural      ~~ -0.20*relief_channels + -0.20*emotional_communication
relief_channels    ~~ 0.20*emotional_communication
"""

Cells = dict[str, list[str]]


@dataclass(frozen=True)
class Design:
    """One sample.

    Args:
        name: Name of the files, and of the sample in the models' descriptions.
        codebook: Its questionnaire.
        seed: Fixed before the first run.
        sizes: Respondents of each group, by its label; one group is called "".
        population: The responses, all groups.
        differences: What each group has of its own.
        group: The column that tells the groups.
        shares: Shares of the five scores in the first group; items from the negative pole have NEGATIVE_POLE.
        ratings: Scales of responses that are no items.
    """

    name: str
    codebook: str
    seed: int
    sizes: Mapping[str, int]
    population: str
    differences: Mapping[str, str] = field(default_factory=lambda: {"": ""})
    group: str | None = None
    shares: tuple[float, ...] = AGREEMENT
    ratings: tuple[AnswerScale, ...] = ()

    def text(self, label: str) -> str:
        """Return the population of one group as model text."""
        return self.population + self.differences[label]

    @cached_property
    def groups(self) -> dict[str, Population]:
        """The population of each group by its label."""
        is_one = self.group is None
        return {label: Population.from_syntax(self.text(label), standardized=is_one) for label in self.sizes}

    def scales(self, label: str) -> tuple[AnswerScale, ...]:
        """Return the scales as one group uses them: thresholds are the same responses in all groups.

        A scale counts thresholds in standard deviations from the mean of the group that answers, so those of the
        first group are counted anew in the others.
        """
        first, own = next(iter(self.groups.values())), self.groups[label]
        items = {item.name: item for item in load_codebook(self.codebook).items}
        ratings = {scale.name: scale for scale in self.ratings}
        scales = []
        for i, name in enumerate(own.observed):
            if name in ratings:
                scale = ratings[name]
            else:
                shares = NEGATIVE_POLE if items[name].reverse else self.shares
                scale = AnswerScale.from_shares(name, shares, reverse=items[name].reverse)
            cuts = np.asarray(scale.thresholds) * np.sqrt(first.observed_cov[i, i]) + first.observed_mean[i]
            cuts = (cuts - own.observed_mean[i]) / np.sqrt(own.observed_cov[i, i])
            scales.append(replace(scale, thresholds=tuple(map(float, cuts))))
        return tuple(scales)

    def scored(self, label: str) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
        """Return names, exact means and covariances of the scored answers of one group."""
        moments = scored_moments(self.groups[label].observed_cov, self.scales(label))
        return moments.names, moments.mean, moments.cov


DESIGNS = (
    Design(
        name="trust_settings",
        codebook="dpt_patient",
        seed=62021,
        sizes={"outpatient": 700, "inpatient": 700},
        population=SETTINGS,
        differences={"outpatient": OUTPATIENT, "inpatient": INPATIENT},
        group="setting",
    ),
    Design(
        name="perception_gap",
        codebook="perception",
        seed=62022,
        sizes={"patient": 600, "clinician": 300},
        population=PERCEPTION,
        differences={"patient": PATIENT, "clinician": CLINICIAN},
        group="side",
        shares=MIDDLE,
    ),
    Design(
        name="trust_facets",
        codebook="outcomes",
        seed=62023,
        sizes={"": 800},
        population=FACETS,
        ratings=(AnswerScale.from_shares("technique", RATING),),
    ),
    Design(name="trust_culture", codebook="culture", seed=62024, sizes={"": 1000}, population=CULTURE),
    Design(name="conflict_survey", codebook="conflict", seed=62031, sizes={"": 1000}, population=CONFLICT),
)


def draw_answers(design: Design, rng: np.random.Generator) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """Return complete answers as stored, one array for each variable, and each row's group; rows are shuffled."""
    stored, labels = [], []
    for label, size in design.sizes.items():
        whole, scales = design.groups[label], design.scales(label)
        spread = np.sqrt(np.diag(whole.observed_cov))
        scores = cut_responses(whole.draw(size, rng), scales, whole.observed_mean, spread)
        stored.append(store_answers(scores, scales).astype(np.int64))
        labels += [label] * size
    order = rng.permutation(len(labels))
    answers = np.concatenate(stored)[order]
    names = next(iter(design.groups.values())).observed
    return dict(zip(names, answers.T, strict=True)), [labels[row] for row in order]


def make_sample(design: Design) -> Cells:
    """Return the synthetic survey, one list of cells for each column."""
    rng = np.random.default_rng(design.seed)
    answers, labels = draw_answers(design, rng)
    n_rows = len(labels)
    answers["age"] = cut_responses(rng.standard_normal((n_rows, 1)), (AGE,), np.zeros(1), np.ones(1))[:, 0].astype(int)
    asked = [name for name in load_codebook(design.codebook).item_names if name in answers]
    asked += [scale.name for scale in design.ratings] + ["age"]
    kinds = draw_missing(n_rows, len(asked), MISSING, rng)
    cells: Cells = {"respondent": [str(number + 1) for number in range(n_rows)]}
    for name, column in zip(asked, kinds.T, strict=True):
        cells[name] = [
            str(answer) if kind == ANSWERED else MISSING_CELLS[int(kind)]
            for answer, kind in zip(answers[name], column, strict=True)
        ]
    if design.group is not None:
        cells[design.group] = labels
    hospital = rng.integers(0, N_HOSPITALS, n_rows)  # answers within a hospital have nothing in common
    cells["hospital"] = [f"H{number + 1:02d}" for number in hospital]
    cells["region"] = [f"R{number // 2 + 1:02d}" for number in hospital]
    return cells


def describe(truth: PseudoTruth) -> dict[str, object]:
    """Return what a truth file holds of one model in one population."""
    return {
        "df": truth.df,
        "discrepancy": round(truth.discrepancy, 9),
        "rmsea": round(truth.rmsea or 0.0, 6),
        "parameters": {name: round(float(v), 8) for name, v in zip(truth.names, truth.values, strict=True)},
        "defined": {name: round(value, 8) for name, value in truth.defined.items()},
    }


def model_truth(design: Design, model: LibraryModel) -> dict[str, object]:
    """Return the true parameters of a model; with groups those of all together and of each group by itself."""
    syntax = parse_model(model.syntax)
    if model.group is None:
        names, _, cov = design.scored("")
        return describe(pseudo_true_parameters(build_table(syntax), names, cov))
    alone = build_table(syntax, SpecOptions(meanstructure=True))
    groups = {}
    for label in model.group_label:
        names, mean, cov = design.scored(label)
        groups[label] = describe(pseudo_true_parameters(alone, names, cov, mean))
    return {"together": truth_together(design, model), "groups": groups}


def truth_together(design: Design, model: LibraryModel) -> dict[str, object]:
    """Return the parameters that tend to hold under the model's equalities; groups weigh as in the sample.

    F is the weighted sum over groups; RMSEA carries the square root of the number of groups (Steiger 1998).
    """
    options = SpecOptions(
        group_labels=model.group_label, group_equal=model.group_equal, group_partial=model.group_partial
    )
    table = build_table(parse_model(model.syntax), options)
    groups = []
    for label in model.group_label:
        names, mean, cov = design.scored(label)
        groups.append(SampleGroup(names, cov, mean, design.sizes[label] * WHOLE, label=label))
    fitted = fit_table(table, SampleMoments(tuple(groups)), PipelineOptions())
    if not fitted.estimate.converged:
        raise ConvergenceError(f"{model.name} has no minimum in the population of {design.name}.")
    discrepancy = 2 * fitted.estimate.value
    values = zip(table.free_rows, fitted.estimate.theta, strict=True)
    return {
        "df": fitted.identification.df,
        "discrepancy": round(discrepancy, 9),
        "rmsea": round(math.sqrt(len(groups) * max(discrepancy, 0.0) / fitted.identification.df), 6),
        "parameters": {row.key: round(float(value), 8) for row, value in values},
    }


def make_truth(design: Design) -> dict[str, object]:
    """Return the parameters that the models on this sample tend to on the scored answers."""
    texts = "".join(design.text(label) for label in design.sizes)
    meta = {
        "what": "parameters that maximum likelihood tends to as the sample grows; metric: scored answers",
        "script": Path(__file__).name,
        "seed": design.seed,
        "population_sha256": hashlib.sha256(texts.encode()).hexdigest(),
    }
    models = [model for model in list_models() if model.sample == design.name]
    return {"_meta": meta, "models": {model.name: model_truth(design, model) for model in models}}


def write_sample(design: Design, path: Path) -> None:
    """Write the synthetic survey as UTF-8 CSV with Unix line ends."""
    columns = make_sample(design)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_truth(design: Design, path: Path) -> None:
    """Write the true parameters as JSON."""
    path.write_text(json.dumps(make_truth(design), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent
    for one in DESIGNS:
        write_sample(one, folder / f"{one.name}.csv")
        write_truth(one, folder / f"{one.name}.truth.json")
