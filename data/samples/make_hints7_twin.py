"""Write hints7_twin.csv: a synthetic survey with the columns, labels and kinds of missing answers of HINTS 7.

No row, weight or frequency of the real survey is used: answers are drawn from the population below. Run it without
arguments to write the file beside this script.

Population (latent variables and item responses have variance 1):
    communication: a common factor C; interaction = sqrt(.97) C + e, emotion = sqrt(.97) C + e, so that the two
        correlate .97; five items load on interaction, two on emotion (LOADINGS).
    care quality   = .65 C + e
    doctor trust   = .25 C + .20 quality + e
    institutional trust = .35 doctor + .25 C + e
    trust in system, scientists, government, charities load .60 to .70 on institutional trust;
    family and religious organizations correlate only through a weak factor of their own (.40).
The answers are these responses cut at thresholds that give the shares in SHARES, lowest answer first.
Missing answers: respondents without a visit skip the communication questions and QualityCare (a tenth of them answer
nevertheless: a commission error, whose answer the survey withholds), .8 % leave the web form before the last block,
.9 % of the remaining cells are not answered, .05 % carry several marks.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.special import ndtri

# Near-perfect factor correlations often come out above 1 with 600 rows (seeds ...01 and ...06); this sample gives .96.
SEED = 20240705
N_RESPONDENTS = 600
FACTOR_CORRELATION = 0.97
LOADINGS = {
    "ChanceAskQuestions": ("interaction", 0.80),
    "FeelingsAddressed": ("emotion", 0.84),
    "InvolvedDecisions": ("interaction", 0.80),
    "UnderstoodNextSteps": ("interaction", 0.82),
    "ExplainedClearly": ("interaction", 0.80),
    "SpentEnoughTime": ("interaction", 0.78),
    "HelpUncertainty": ("emotion", 0.78),
    "TrustHCSystem": ("institutional", 0.60),
    "CancerTrustScientists": ("institutional", 0.65),
    "CancerTrustGov": ("institutional", 0.70),
    "CancerTrustCharities": ("institutional", 0.60),
    "CancerTrustFamily": ("other", 0.40),
    "CancerTrustReligiousOrgs": ("other", 0.40),
}
FREQUENCY = ("Never", "Sometimes", "Usually", "Always")
QUALITY = ("Poor", "Fair", "Good", "Very good", "Excellent")
AMOUNT = ("Not at all", "A little", "Some", "A lot")
SHARES = {
    "ChanceAskQuestions": (0.03, 0.12, 0.30, 0.55),
    "FeelingsAddressed": (0.05, 0.17, 0.33, 0.45),
    "InvolvedDecisions": (0.03, 0.15, 0.32, 0.50),
    "UnderstoodNextSteps": (0.03, 0.12, 0.30, 0.55),
    "ExplainedClearly": (0.03, 0.10, 0.32, 0.55),
    "SpentEnoughTime": (0.05, 0.20, 0.35, 0.40),
    "HelpUncertainty": (0.07, 0.20, 0.33, 0.40),
    "QualityCare": (0.03, 0.08, 0.24, 0.40, 0.25),
    "CancerTrustDoctor": (0.02, 0.06, 0.27, 0.65),
    "TrustHCSystem": (0.05, 0.15, 0.45, 0.35),
    "CancerTrustScientists": (0.05, 0.12, 0.33, 0.50),
    "CancerTrustGov": (0.10, 0.20, 0.45, 0.25),
    "CancerTrustCharities": (0.15, 0.35, 0.40, 0.10),
    "CancerTrustFamily": (0.10, 0.37, 0.45, 0.08),
    "CancerTrustReligiousOrgs": (0.40, 0.32, 0.22, 0.06),
}
AFTER_VISIT = (*tuple(LOADINGS)[:7], "QualityCare")
VISITS = ("None", "1 time", "2 times", "3 times", "4 times", "5-9 times", "10 or more times")
HEALTH = ("Poor", "Fair", "Good", "Very good", "Excellent")
EDUCATION = (
    "Less than 8 years",
    "8 through 11 years",
    "12 years or completed high school",
    "Post high school training other than college (vocational or technical)",
    "Some college",
    "College graduate",
    "Postgraduate",
)
EDUCATION_FOUR = (
    "Less than High School",
    "Less than High School",
    "High School Graduate",
    "Some College",
    "Some College",
    "College Graduate or More",
    "College Graduate or More",
)
ORIGINS = (
    "Hispanic",
    "Non-Hispanic White",
    "Non-Hispanic Black or African American",
    "Non-Hispanic Asian",
    "Non-Hispanic Other",
)
STRATA = ("HU", "LU", "LR", "HR")
SKIPPED = "Inapplicable, coded 0 in FreqGoProvider"
COMMISSION = "Question answered in error (Commission Error)"
NOT_ASCERTAINED = "Missing data (Not Ascertained)"
NEVER_SEEN = "Missing data (Web partial - Question Never Seen)"
MULTIPLE = "Multiple responses selected in error"
N_CLUSTERS = 50

Columns = dict[str, np.ndarray]


def draw_responses(rng: np.random.Generator) -> Columns:
    """Return the continuous responses behind the items."""

    def noise() -> np.ndarray:
        return rng.standard_normal(N_RESPONDENTS)

    common = noise()
    share = np.sqrt(FACTOR_CORRELATION)
    factors = {
        "interaction": share * common + np.sqrt(1 - FACTOR_CORRELATION) * noise(),
        "emotion": share * common + np.sqrt(1 - FACTOR_CORRELATION) * noise(),
        "other": noise(),
    }
    quality = 0.65 * common + np.sqrt(1 - 0.65**2) * noise()
    explained = 0.25**2 + 0.20**2 + 2 * 0.25 * 0.20 * 0.65
    doctor = 0.25 * common + 0.20 * quality + np.sqrt(1 - explained) * noise()
    with_common = 0.25 + 0.20 * 0.65  # correlation of doctor trust with the common factor
    explained = 0.35**2 + 0.25**2 + 2 * 0.35 * 0.25 * with_common
    factors["institutional"] = 0.35 * doctor + 0.25 * common + np.sqrt(1 - explained) * noise()
    responses = {name: load * factors[f] + np.sqrt(1 - load**2) * noise() for name, (f, load) in LOADINGS.items()}
    return {**responses, "QualityCare": quality, "CancerTrustDoctor": doctor}


def cut(responses: np.ndarray, shares: tuple[float, ...], labels: tuple[str, ...]) -> np.ndarray:
    """Return the labels of normal responses cut so that the answers have the given shares in the population."""
    thresholds = ndtri(np.cumsum(shares)[:-1])
    return np.array(labels, dtype=object)[np.searchsorted(thresholds, responses)]


def answer_items(rng: np.random.Generator) -> Columns:
    """Return the answers to all items, nothing missing yet."""
    scales = dict.fromkeys(SHARES, AMOUNT) | dict.fromkeys(AFTER_VISIT, FREQUENCY) | {"QualityCare": QUALITY}
    responses = draw_responses(rng)
    return {name: cut(responses[name], shares, scales[name]) for name, shares in SHARES.items()}


def draw_background(rng: np.random.Generator) -> Columns:
    """Return covariates, weight and design."""

    def pick(values: tuple[str, ...], shares: tuple[float, ...]) -> np.ndarray:
        return rng.choice(np.array(values, dtype=object), size=N_RESPONDENTS, p=shares)

    level = rng.choice(7, size=N_RESPONDENTS, p=(0.02, 0.05, 0.18, 0.08, 0.22, 0.26, 0.19))
    age = np.clip(np.round(rng.normal(54, 17, N_RESPONDENTS)), 18, 98).astype(int)
    stratum = pick(STRATA, (0.60, 0.22, 0.10, 0.08))
    weight = 30000 * np.exp(rng.normal(0, 0.8, N_RESPONDENTS))
    return {
        "FreqGoProvider": pick(VISITS, (0.12, 0.13, 0.17, 0.16, 0.14, 0.18, 0.10)),
        "GeneralHealth": pick(HEALTH, (0.04, 0.17, 0.38, 0.31, 0.10)),
        "Age": age.astype(str).astype(object),
        "Education": np.array(EDUCATION, dtype=object)[level],
        "EducA": np.array(EDUCATION_FOUR, dtype=object)[level],
        "RaceEthn5": pick(ORIGINS, (0.19, 0.54, 0.15, 0.06, 0.06)),
        "HealthInsurance2": pick(("Yes", "No"), (0.91, 0.09)),
        "Language_Flag": pick(("English", "Spanish"), (0.96, 0.04)),
        "STRATUM": stratum,
        "VAR_STRATUM": np.array([f"7_{name}" for name in stratum], dtype=object),
        "VAR_CLUSTER": rng.integers(1, N_CLUSTERS + 1, N_RESPONDENTS).astype(str).astype(object),
        "PERSON_FINWT0": np.array([f"{value:.6f}" for value in weight], dtype=object),
    }


def lose_answers(items: Columns, background: Columns, rng: np.random.Generator) -> None:
    """Put the kinds of missing answers in place of answers."""
    skips = background["FreqGoProvider"] == "None"
    leaves = rng.random(N_RESPONDENTS) < 0.008
    for name, answers in items.items():
        answers[rng.random(N_RESPONDENTS) < 0.009] = NOT_ASCERTAINED
        answers[rng.random(N_RESPONDENTS) < 0.0005] = MULTIPLE
        if name in AFTER_VISIT:
            in_error = rng.random(N_RESPONDENTS) < 0.1
            answers[skips & ~in_error] = SKIPPED
            answers[skips & in_error] = COMMISSION
        if name in (*AFTER_VISIT, "TrustHCSystem"):
            answers[leaves & ~skips] = NEVER_SEEN
    background["Age"][rng.random(N_RESPONDENTS) < 0.015] = "-9"
    background["Age"][leaves | (rng.random(N_RESPONDENTS) < 0.05)] = "-7"
    for name in ("GeneralHealth", "Education", "EducA", "RaceEthn5", "HealthInsurance2"):
        unanswered = rng.random(N_RESPONDENTS) < 0.012
        background[name][unanswered] = NOT_ASCERTAINED if name != "RaceEthn5" else "Missing Data--Not Ascertained"
        background[name][leaves] = NEVER_SEEN


def make_twin() -> Columns:
    """Return the synthetic survey, one array of cells for each column."""
    rng = np.random.default_rng(SEED)
    items = answer_items(rng)
    background = draw_background(rng)
    lose_answers(items, background, rng)
    return {**items, **background}


def write_twin(path: Path) -> None:
    """Write the synthetic survey as UTF-8 CSV with Unix line ends."""
    columns = make_twin()
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


if __name__ == "__main__":
    write_twin(Path(__file__).with_name("hints7_twin.csv"))
