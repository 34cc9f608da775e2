"""Figure 1 as reconstructed: 42 items, 14 constructs, a feedback loop, complete rows of the sample survey."""

from __future__ import annotations

from functools import cache

import pandas as pd

import trustsem as ts
from benchmarks.fitting import time_fit, time_fit_in_lavaan
from benchmarks.records import Benchmark
from trustsem.instruments import load_codebook

MODEL, SAMPLE = "trust_formation", "trust_patients"


def model_text() -> str:
    """Return the text of the shipped model."""
    return ts.load_model(MODEL).syntax


@cache
def complete_rows() -> pd.DataFrame:
    """Return the scored answers of the respondents who answered all items."""
    codebook = load_codebook("dpt_patient")
    survey = ts.read_survey(ts.samples_dir() / f"{SAMPLE}.csv", codebook)
    items = [item.name for item in codebook.items]
    return survey.frame.loc[:, items].dropna().astype(float).reset_index(drop=True)


BENCHMARK = Benchmark(
    name="trust-formation",
    title="fit trust_formation by ML, 42 items",
    target=0.030,
    repeat=30,
    ours=lambda repeat: time_fit(model_text(), complete_rows(), repeat),
    lavaan=lambda repeat: time_fit_in_lavaan(model_text(), complete_rows(), min(repeat, 5)),
)
