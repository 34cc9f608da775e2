"""`ts.read_moments`: the moments of files that do not fit memory, as data of a fit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trustsem.errors import UsageError
from trustsem.fitting.data_options import Missing
from trustsem.fitting.inputs import ModelInput, read_model
from trustsem.fitting.model_groups import with_model_groups
from trustsem.fitting.model_scale import with_model_scale
from trustsem.fitting.options import read_options
from trustsem.fitting.product_columns import require_rows_for
from trustsem.fitting.words import word
from trustsem.instruments import Codebook, load_codebook
from trustsem.pipeline.prepare import require_moments_only
from trustsem.resample.workers import ThisProcess, make_workers
from trustsem.spec import LibraryModel, TrustModel
from trustsem.spec.products import latent_products
from trustsem.spec.variables import classify_variables
from trustsem.survey.partitions.reading import Executor, Progress, sum_survey
from trustsem.survey.partitions.record import SurveyMoments
from trustsem.survey.partitions.wanted import CHUNK_ROWS, Wanted

NO_CODEBOOK = "none"


def read_moments(
    data: str | os.PathLike[str] | Iterable[object],
    columns: Sequence[str] | None = None,
    *,
    model: str | os.PathLike[str] | TrustModel | LibraryModel | None = None,
    weights: str | None = None,
    group: str | None = None,
    missing: str = "listwise",
    chunk_rows: int = CHUNK_ROWS,
    codebook: Codebook | str | os.PathLike[str] | None = None,
    encoding: str | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> SurveyMoments:
    """Return means and covariances of a survey that is read in parts, with memory for one part only.

    Parts are the row groups of Parquet files, text files, or the frames of an iterable. Sums of parts are merged in
    their order (Chan, Golub & LeVeque 1983): the result is the same to the last bit whoever summed them and when.

    Args:
        data: Path of a file, a pattern such as "parts/*.parquet", a folder, a list of paths; or an iterable of data
            frames, or of arrays whose columns `columns` names.
        columns: Variables; "x1:x2" is the product of two. None: those of the model, else the items of the codebook,
            else every column without a role.
        model: Whose observed variables are read. Files are scored with the codebook that it names, if it names one.
        weights: Column of sampling weights, for weighted means and covariances.
        group: Column that splits the sample. None: the one that a shipped model is meant for, if it is meant for
            groups; "": one group of all rows.
        missing: "listwise": rows with a missing answer are left out and counted.
        chunk_rows: Rows in memory at a time.
        codebook: Scores the answers: a codebook, its name or path; "none": no codebook, whatever the model names.
        encoding: Of text files; None: UTF-8, or what a byte-order mark names.
        executor: Has `map(fn, items)`, results in order: sums parts side by side.
        workers: Processes of this machine that sum parts instead; -1: one per core. None: one part after another.
        scheduler: Address of a Dask scheduler whose workers sum parts instead; they must see the same files.
        progress: Called with the parts that are done and their number, None where it is not known.

    Returns:
        The moments, which `ts.fit` takes as data.

    Raises:
        UsageError, DataError, CodebookError, ModelError: with what, where and what to do.

    Example:
        >>> import trustsem as ts
        >>> moments = ts.read_moments(ts.samples_dir() / "trust_patients.csv", model="interpersonal_path")
        >>> ts.fit("interpersonal_path", moments).n_obs == moments.n_obs
        True
    """
    _require_listwise(missing)
    source = None if model is None else read_model(model)
    if source is not None and columns is not None:
        raise UsageError(
            "Both columns and model say which variables are read.", remedy="Give one of them.", code="columns-twice"
        )
    names = tuple(columns or ()) if source is None else observed_variables(source)
    if isinstance(columns, str):
        names = (columns,)
    book = _codebook(codebook, source, is_file=isinstance(data, (str, os.PathLike)) or _is_list_of_paths(data))
    if group is None and source is not None and source.library is not None:
        group = source.library.group
    wanted = Wanted(names, group or None, weights, book, chunk_rows, encoding)
    return sum_survey(data, wanted, executor=_executor(executor, workers, scheduler), progress=progress)


def _executor(given: Executor | None, workers: int | None, scheduler: str | None) -> Executor | None:
    if given is None:
        found = make_workers(workers, scheduler)
        return None if isinstance(found, ThisProcess) else found
    if workers is not None or scheduler is not None:
        raise UsageError("executor was given beside workers or scheduler: one of them.", code="workers")
    return given


def observed_variables(model: ModelInput) -> tuple[str, ...]:
    """Return the observed variables of a model, as they are named without looking at data.

    Raises:
        UsageError: the model has products of factors, whose columns are made of rows.
    """
    require_rows_for(latent_products(model.syntax))
    return classify_variables(model.syntax.parameters).observed


def check_options(options: Mapping[str, Any], library: LibraryModel | None) -> str | None:
    """Return the column of the groups that a fit would have; refuse what needs the respondents' answers.

    Args:
        options: Of the fit.
        library: What is known about the model.

    Raises:
        UsageError: options that cannot be used, or not with moments.
    """
    from trustsem.fitting.api import ordinal_needs_answers, require_no_rows

    with_groups, _ = with_model_groups(options, library)
    group = with_groups["group"]
    complete, _ = with_model_scale({**with_groups, "group": None}, library, has_answers=False)
    checked = read_options(complete, grouped_moments=group is not None)
    require_no_rows(checked, checked.data.weights)
    if checked.ordinal is not None:
        raise ordinal_needs_answers()
    require_moments_only(checked.pipeline)
    return group


def _require_listwise(missing: str) -> None:
    if word(missing) not in Missing.names():
        raise UsageError(
            f"missing={missing!r} is not available. Allowed: listwise.", remedy='missing="listwise"', code="missing"
        )
    if Missing.of(word(missing)) is not Missing.LISTWISE:
        raise UsageError(
            f'missing="{missing}" needs the respondents\' answers, which moments do not hold.',
            remedy='Use missing="listwise", or fit a random part of the rows that fits memory with this treatment.',
            code="no-raw-data",
        )


def _is_list_of_paths(data: object) -> bool:
    return isinstance(data, (list, tuple)) and all(isinstance(path, (str, os.PathLike)) for path in data)


def _codebook(
    given: Codebook | str | os.PathLike[str] | None, model: ModelInput | None, *, is_file: bool
) -> Codebook | None:
    """Return the codebook that is asked for; of files the model's, as in a fit."""
    if given == NO_CODEBOOK:
        return None
    if given is None:
        named = model.instrument if model is not None and is_file else None
        return None if named is None else load_codebook(named)
    return given if isinstance(given, Codebook) else load_codebook(given if isinstance(given, str) else Path(given))
