"""What users hand in, made one kind of thing: a parsed model, and moments with an account of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustsem.errors import DataError, ModelError, UsageError
from trustsem.moments import SampleMoments, moments_from_arrays, moments_from_input
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.spec import LibraryModel, TrustModel, load_model
from trustsem.suggestions import suggest
from trustsem.survey import Survey, analysis_arrays, read_survey, suspicious_codes_in
from trustsem.syntax import ModelSyntax, parse_model
from trustsem.syntax.nodes import ModifierKind


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A parsed model and, where it came from the library, what is known of it."""

    syntax: ModelSyntax
    name: str | None
    library: LibraryModel | None
    instrument: str | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DataInput:
    """Moments of the rows that are used, and which rows those are.

    Args:
        moments: Divisor n, the model's observed variables.
        row_index: (n_used,) positions in the data that were given; None when moments were given.
        n_total: Rows that were given; None when moments were given.
        source: File and its hash, where there is one.
        findings: Dropped rows, conversions.
        values: (n_used, p) answers in those rows, in the order of the model's variables; None when moments were given.
        index: Row labels of the data that were given, all n_total of them; None when moments were given.
    """

    moments: SampleMoments
    row_index: np.ndarray | None
    n_total: int | None
    source: Mapping[str, Any] | None
    findings: tuple[Finding, ...]
    values: np.ndarray | None = None
    index: pd.Index | None = None


@lru_cache(maxsize=32)
def parse_once(text: str, source: str | None = None) -> ModelSyntax:
    """Parse a model text, or return the (frozen) nodes of an earlier parse: one model is often fitted many times."""
    return parse_model(text, source=source)


def read_model(model: str | PathLike[str] | TrustModel | LibraryModel) -> ModelInput:
    """Parse a model that is given as text, as the path of a `.sem` file, as a shipped model or as a TrustModel.

    A text is taken for a path only if it is one line without any operator of the model language.

    Raises:
        ModelError: not readable, or a syntax error.
        UsageError: something else was handed in.
    """
    if isinstance(model, TrustModel):
        return ModelInput(parse_once(model.syntax()), "TrustModel", None, model.instrument)
    if isinstance(model, LibraryModel):
        return _library_input(model)
    if isinstance(model, PathLike):
        return _library_input(load_model(Path(model)))
    if not isinstance(model, str):
        raise UsageError(
            f"A model must be text, a path or a TrustModel, not {type(model).__name__}.", code="model-type"
        )
    if _looks_like_a_name(model):
        return _library_input(load_model(model.strip()))
    return ModelInput(parse_once(model), None, None, None)


def _looks_like_a_name(text: str) -> bool:
    stripped = text.strip()
    return (
        bool(stripped)
        and "\n" not in stripped
        and not any(mark in stripped for mark in ("~", "=", "<", ">", "|", "#", "!"))
    )


def _library_input(library: LibraryModel) -> ModelInput:
    syntax = parse_once(library.syntax, library.path.name)
    findings = ()
    if library.ordered:
        findings = (
            Finding(
                "ordinal-analysed-as-continuous",
                Severity.WARNING,
                f"{library.name} is meant for ordinal answers; this version analyses them as continuous ones, which "
                "pulls correlations and loadings towards zero, most for few or skewed categories.",
                remedy="Expect larger loadings and correlations than these, and read the chi-square test with care.",
            ),
        )
    return ModelInput(syntax, library.name, library, library.instrument, findings)


def read_data(data: object, names: Sequence[str], model: ModelInput) -> DataInput:
    """Turn a data frame, a survey or the path of a survey file into moments of its complete rows.

    A file is scored with the codebook that the model names, if it names one.

    Raises:
        DataError, CodebookError: the data cannot be used.
        ModelError: the model names variables that the data do not have.
    """
    if isinstance(data, SampleMoments):
        return DataInput(_select(data, names), None, None, None, ())
    if isinstance(data, (str, PathLike)):
        data = read_survey(data if isinstance(data, str) else Path(data), model.instrument)  # Path would mangle a URL
    if not isinstance(data, (pd.DataFrame, Survey)):
        raise UsageError(
            f"Data must be a DataFrame, a Survey or the path of a file, not {type(data).__name__}.", code="data-type"
        )
    try:
        arrays = analysis_arrays(data, names)
    except ModelError as error:
        if error.code == "unknown-variable":
            raise _unknown_variable(error, model) from None
        raise
    source = None
    if isinstance(data, pd.DataFrame):  # a survey was screened when it was read
        findings = suspicious_codes_in(arrays.values, arrays.names)
    else:
        findings = data.findings
        source = None if data.source is None else _source_record(data)
    with blas_threads_for(len(names)):
        moments = moments_from_arrays([arrays.values], arrays.names)
    frame = data.frame if isinstance(data, Survey) else data
    found = (
        *findings,
        *arrays.findings,
        *_labels_that_are_columns(model.syntax, {str(name) for name in frame.columns}),
    )
    return DataInput(moments, arrays.row_index, arrays.n_total, source, found, arrays.values, frame.index)


def _labels_that_are_columns(syntax: ModelSyntax, columns: set[str]) -> list[Finding]:
    """Warn of `y ~ x1*x2` where both are columns: that labels the path of x2, it multiplies nothing."""
    findings = []
    for parameter in syntax.parameters:
        for modifier in parameter.modifiers:
            if modifier.kind is ModifierKind.LABEL and modifier.values[0] in columns:
                label, name = modifier.values[0], parameter.rhs
                findings.append(
                    Finding(
                        "label-is-a-column",
                        Severity.WARNING,
                        f"Line {modifier.span.line} of the model: {label}*{name} gives the parameter of {name} the "
                        f"label {label}, which is also a column of the data.",
                        remedy=f"If a product is meant, write {label}:{name}; if not, choose another label.",
                        parameter=f"{parameter.lhs}{parameter.op}{name}",
                    )
                )
    return findings


def _source_record(survey: Survey) -> dict[str, Any]:
    assert survey.source is not None
    source = survey.source
    return {
        "file": Path(source.path).name,
        "format": source.format,
        "sha256": source.sha256,
        "rows": source.n_rows,
        "columns": source.n_columns,
        "codebook": None if survey.codebook is None else survey.codebook.id,
    }


def _unknown_variable(error: ModelError, model: ModelInput) -> ModelError:
    """Add where in the model text each unknown variable stands."""
    faults = []
    for fault in error.faults:
        name = fault.split(":")[0]
        where = _mention(model.syntax, name)
        faults.append(f"{where}: {fault}" if where else fault)
    return ModelError(
        error.message,
        remedy=f"{error.remedy or ''} A latent variable needs a line with =~ .".strip(),
        faults=faults,
        code=error.code,
    )


def _mention(syntax: ModelSyntax, name: str) -> str | None:
    for parameter in syntax.parameters:
        for text, span in ((parameter.lhs, parameter.lhs_span), (parameter.rhs, parameter.span)):
            if name == text or name in text.split(":"):
                return f"{syntax.source or 'model'} line {span.line}, column {span.column}"
    return None


def read_moments(
    sample_cov: object, sample_mean: object, n_obs: object, names: Sequence[str], model: ModelInput
) -> DataInput:
    """Turn a covariance matrix that is handed in into moments.

    Args:
        sample_cov: DataFrame whose columns name the variables; divisor n - 1, as it is published.
        sample_mean: Series or mapping by name; None without a mean structure.
        n_obs: Respondents behind the matrix.
        names: Observed variables of the model.
        model: For messages.

    Raises:
        UsageError: no names or no n_obs.
        DataError: the matrix is not a covariance matrix of the model's variables.
    """
    if isinstance(sample_cov, (list, tuple)) or isinstance(n_obs, (list, tuple)):
        raise UsageError(
            "A list of moments means several groups: not in this version.", remedy="Fit one group at a time."
        )
    if not isinstance(sample_cov, pd.DataFrame):
        raise UsageError(
            "sample_cov must be a DataFrame whose columns (and rows) name the variables.",
            remedy="pd.DataFrame(matrix, index=names, columns=names)",
            code="moments-without-names",
        )
    if not isinstance(n_obs, (int, np.integer)) or isinstance(n_obs, bool):
        raise UsageError("sample_cov needs n_obs, the number of respondents behind it.", code="n-obs-missing")
    columns = [str(name) for name in sample_cov.columns]
    if len(set(columns)) < len(columns):
        raise DataError("sample_cov names a variable twice.", code="duplicate-columns")
    rows = [str(name) for name in sample_cov.index]
    _require_names(names, columns, model)
    mean = None if sample_mean is None else _mean_vector(sample_mean, columns)
    matrix = sample_cov.to_numpy(dtype=float)
    if rows != columns and sorted(rows) == sorted(columns):  # the same variables in another order
        matrix = matrix[[rows.index(name) for name in columns]]
    group = moments_from_input(matrix, columns, int(n_obs), mean)
    return DataInput(_select(SampleMoments((group,)), names), None, None, None, ())


def _mean_vector(sample_mean: object, columns: Sequence[str]) -> np.ndarray:
    if isinstance(sample_mean, (pd.Series, Mapping)):
        missing = [name for name in columns if name not in sample_mean]
        if missing:
            raise DataError(f"sample_mean lacks: {', '.join(missing)}.", code="means-missing")
        values = dict(sample_mean)
        return np.array([values[name] for name in columns], dtype=float)
    return np.asarray(sample_mean, dtype=float)


def _select(moments: SampleMoments, names: Sequence[str]) -> SampleMoments:
    return SampleMoments(tuple(group.ordered(names) for group in moments.groups))


def _require_names(names: Sequence[str], columns: Sequence[str], model: ModelInput) -> None:
    unknown = [name for name in names if name not in columns]
    if not unknown:
        return
    faults = []
    for name in unknown:
        where = _mention(model.syntax, name)
        faults.append(f"{f'{where}: ' if where else ''}{name}: not in sample_cov.{suggest(name, columns)}")
    raise ModelError(
        "The model names variables that sample_cov does not have.",
        faults=faults,
        remedy=f"Variables: {', '.join(columns[:12])}.",
        code="unknown-variable",
    )
