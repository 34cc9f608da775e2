"""`ts.impute`: completed data sets from one with missing answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.fitting.impute_columns import chosen_columns, column_matrix, row_groups, varying_columns
from trustsem.fitting.impute_scale import rounded_to_scale, scale_findings
from trustsem.imputation import ImputationDraws, draw_imputations
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey
from trustsem.survey.frames import columns_of

_TOO_ALIKE = 0.2  # autocorrelation from which completed data sets are no independent draws
_NOISE = 4.0  # standard errors of that autocorrelation, the largest of many, that chance alone may reach


@dataclass(frozen=True, eq=False, slots=True)
class ImputedData(Sequence[pd.DataFrame]):
    """Completed data sets: a sequence of data frames, with an account of how they came about.

    Args:
        frames: Data frames like the one that was given, missing answers filled in.
        columns: Variables of the imputation model: what was filled in, and what it was drawn from.
        n_imputed: Answers that were filled in, by variable.
        seed: Seed of the random numbers.
        findings: What a reader must know.
    """

    frames: tuple[pd.DataFrame, ...]
    columns: tuple[str, ...]
    n_imputed: dict[str, int]
    seed: int
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(self.frames)

    @overload
    def __getitem__(self, index: int) -> pd.DataFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[pd.DataFrame]: ...
    def __getitem__(self, index: int | slice) -> pd.DataFrame | Sequence[pd.DataFrame]:
        return self.frames[index]

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return iter(self.frames)

    def __repr__(self) -> str:
        cells = sum(self.n_imputed.values())
        return f"<ImputedData: {len(self)} data sets, {count_of(cells, 'answer')} imputed in each, seed {self.seed}>"

    def to_dict(self) -> dict[str, Any]:
        """Return how the data sets came about as JSON-ready values: neither their contents nor the findings."""
        return {
            "n_imputations": len(self),
            "method": "data augmentation, multivariate normal",
            "seed": self.seed,
            "columns": list(self.columns),
            "n_imputed": self.n_imputed,
        }


def impute(
    data: pd.DataFrame | Survey,
    m: int = 20,
    *,
    seed: int | None = None,
    columns: Sequence[str] | None = None,
    group: str | None = None,
    burn_in: int = 200,
    between: int = 50,
    round_to_scale: bool = False,
) -> ImputedData:
    """Draw m completed versions of a data set with missing answers.

    Missing answers are drawn from a multivariate normal distribution given all answers of the same row, its means and
    covariances drawn anew from their posterior for each version (Schafer 1997). That is right for answers missing at
    random given the columns used here, for linear relations; products of variables are not part of it.

    Args:
        data: Data frame or survey.
        m: Versions, at least 2.
        seed: Seed of the random numbers; drawn and recorded when None.
        columns: Variables to fill in and to draw from: those of all models to be fitted, and others that tell why
            answers are missing. None: a survey's items and its numeric covariates, or every numeric column.
        group: Column of groups, each of which is imputed by itself; for models with several groups.
        burn_in: Rounds of the sampler before the first version.
        between: Rounds between versions.
        round_to_scale: Round to the nearest point of the scale. Normal draws between the points carry the right
            variances and covariances; rounded ones do not (Horton, Lipsitz & Parzen 2003), so leave it off for models.

    Returns:
        A sequence of m data frames with `findings`.

    Raises:
        UsageError: fewer than two versions, or rounds below 1.
        ModelError: columns that the data do not have.
        DataError: columns that are text, or that no normal distribution can be fitted to.

    Example:
        >>> frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [2.0, 3, 5, 4, None, 7]})
        >>> completed = impute(frame, m=2, seed=1)
        >>> len(completed), bool(completed[0]["y"].isna().any()), float(completed[1]["y"][0])
        (2, False, 2.0)
    """
    _check_numbers(m, seed, burn_in, between)
    frame = data.frame if isinstance(data, Survey) else data
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"Data must be a DataFrame or a Survey, not {type(data).__name__}.", code="data-type")
    findings = [*data.findings] if isinstance(data, Survey) else []
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
        findings.append(Finding("seed-drawn", Severity.INFO, f"The seed of the imputations is {seed}."))
    names = chosen_columns(data, frame, columns, group, findings)
    values = column_matrix(frame, names)
    names, values = varying_columns(values, names, findings)
    completed = np.repeat(values[None], m, axis=0)
    rng = np.random.default_rng(seed)
    with blas_threads_for(len(names)):
        for label, rows in row_groups(frame, group, findings):
            draws = _draw(values, rows, names, m, rng, label, findings, burn_in=burn_in, between=between)
            completed[:, draws[0]] = draws[1].values
    imputed = np.isnan(values) & ~np.isnan(completed[0])
    findings += scale_findings(data, values, completed, names, imputed, rounded=round_to_scale)
    if round_to_scale:
        completed = rounded_to_scale(data, values, completed, names)
    frames = tuple(_filled(frame, names, version, imputed) for version in completed)
    counts = {name: int(count) for name, count in zip(names, imputed.sum(axis=0), strict=True) if count}
    return ImputedData(frames, tuple(names), counts, seed, tuple(findings))


def _check_numbers(m: int, seed: int | None, burn_in: int, between: int) -> None:
    faults = []
    if not _is_whole(m) or m < 2:
        faults.append(f"m={m!r}: at least 2; one completed data set hides what the missing answers leave uncertain.")
    if seed is not None and (not _is_whole(seed) or seed < 0):
        faults.append(f"seed={seed!r}: a whole number of at least 0.")
    for name, value in (("burn_in", burn_in), ("between", between)):
        if not _is_whole(value) or value < 1:
            faults.append(f"{name}={value!r}: a whole number of at least 1.")
    if faults:
        raise UsageError("The imputations cannot be made so.", faults=faults, code="imputation-options")


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _draw(
    values: np.ndarray,
    rows: np.ndarray,
    names: Sequence[str],
    m: int,
    rng: np.random.Generator,
    label: str,
    findings: list[Finding],
    *,
    burn_in: int,
    between: int,
) -> tuple[np.ndarray, ImputationDraws]:
    """Impute the rows of one group; rows without any answer are left out."""
    where = f" in group {label}" if label else ""
    empty = np.isnan(values[rows]).all(axis=1)
    if empty.any():
        message = f"{count_of(int(empty.sum()), 'row')}{where} without any answer to these columns stay empty."
        findings.append(Finding("rows-not-imputed", Severity.INFO, message))
    used = rows[~empty]
    _require_answers(values[used], names, where)
    try:
        draws = draw_imputations(values[used], m, rng, burn_in=burn_in, between=between)
    except np.linalg.LinAlgError:
        raise _singular(len(used), names, where) from None
    apart = draws.saturated.never_together
    if apart:
        pairs = shortened([f"{names[j]} with {names[i]}" for i, j in apart], 6)
        findings.append(
            Finding(
                "never-answered-together",
                Severity.WARNING,
                f"Nobody{where} answered both items of {len(apart)} pair(s): {pairs}. What the imputations say of "
                "their relation comes from the prior and from other items alone.",
                remedy="Take one item of each pair out, or do not read anything into their relation.",
            )
        )
    if draws.autocorrelation > max(_TOO_ALIKE, _NOISE * draws.noise):
        findings.append(
            Finding(
                "imputations-correlated",
                Severity.WARNING,
                f"Completed data sets{where} that follow one another are too much alike: some of their moments are "
                f"correlated {draws.autocorrelation:.2f}.",
                remedy=f"Use between={4 * between} or more rounds between them, and burn_in={4 * burn_in}.",
            )
        )
    return used, draws


def _require_answers(values: np.ndarray, names: Sequence[str], where: str) -> None:
    with np.errstate(all="ignore"):
        answered = ~np.isnan(values)
        spread = np.where(answered, values, -np.inf).max(axis=0) > np.where(answered, values, np.inf).min(axis=0)
    bad = [name for name, varies in zip(names, spread, strict=True) if not varies]
    if bad:
        raise DataError(
            f"Columns without answers or with one answer only{where}: {shortened(bad)}.",
            remedy="Leave them out of columns, or impute all groups together.",
            code="constant-column",
        )


def _singular(n_rows: int, names: Sequence[str], where: str) -> DataError:
    return DataError(
        f"No normal distribution can be fitted to {n_rows} rows{where} and {len(names)} columns: there are too few "
        "rows, or some columns repeat or sum up others.",
        remedy="Impute fewer columns at a time, leave out sum scores, or join small groups.",
        code="singular-moments",
    )


def _filled(frame: pd.DataFrame, names: Sequence[str], version: np.ndarray, imputed: np.ndarray) -> pd.DataFrame:
    result = frame.copy()
    for k, name in enumerate(names):
        if imputed[:, k].any():
            result[name] = version[:, k]
    return columns_of(result, [str(name) for name in frame.columns])
