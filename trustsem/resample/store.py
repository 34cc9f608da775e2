"""Draws kept in a file, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trustsem.errors import UsageError
from trustsem.pipeline import FittedModel
from trustsem.resample.batch import ExogenousMoments
from trustsem.resample.refit import Part

_FORMAT = "trustsem.draws/1"
_EVERY = 10.0  # seconds between two writes
_FIELDS = ("number", "theta", "converged", "admissible", "boundary", "iterations", "statistic")


def fingerprint(fitted: FittedModel, what: str) -> str:
    """Return a hash of everything that decides the draws of a fit.

    Args:
        fitted: The fit.
        what: Kind of draws and seed.
    """
    digest = hashlib.sha256(what.encode())
    digest.update("\n".join(f"{row.key} {row.value}" for row in fitted.table.rows).encode())
    digest.update("\n".join(relation.text for relation in fitted.table.relations).encode())
    digest.update(f"{fitted.options.spec} {fitted.options.likelihood}".encode())
    digest.update(np.ascontiguousarray(fitted.estimate.theta).tobytes())
    for sample in fitted.moments.groups:
        cases = sample.cases
        arrays = () if cases is None else (cases.values, cases.weights, cases.clusters)
        for array in arrays:
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def seed_in(path: Path) -> int | None:
    """Return the seed of the draws in a file; None where there is no file.

    Raises:
        UsageError: another kind of file.
    """
    return int(_read(path)["seed"]) if path.exists() else None


class DrawFile:
    """Parts of a run in one file, written every ten seconds and at the end (never half: beside it, then renamed)."""

    def __init__(self, path: Path, identity: str, seed: int) -> None:
        """Open a file of draws, or begin one.

        Raises:
            UsageError: a file of other draws, or a place that cannot be written to.
        """
        self._path, self._identity, self._seed = path, identity, seed
        self._parts: dict[tuple[int, int], Part] = {}
        self._written = time.monotonic()
        if path.exists():
            self._load()
        elif not path.parent.is_dir():
            raise UsageError(
                f"Draws cannot be kept in {path}: the folder does not exist.",
                remedy="Make it first.",
                code="resume-file",
            )

    def known(self) -> Mapping[tuple[int, int], Part]:
        """Return the parts that are there."""
        return dict(self._parts)

    def keep(self, part: Part) -> None:
        """Keep another part; the file is written from time to time."""
        self._parts[int(part.number[0]), int(part.number[-1])] = part
        if time.monotonic() - self._written > _EVERY:
            self.close()

    def close(self) -> None:
        """Write the file."""
        content: dict[str, Any] = {
            "format": np.array(_FORMAT),
            "identity": np.array(self._identity),
            "seed": np.array(self._seed),
            "lengths": np.array([len(part.number) for part in self._parts.values()], dtype=np.intp),
        }
        parts = list(self._parts.values())
        for name in _FIELDS if parts else ():
            content[name] = np.concatenate([getattr(part, name) for part in parts])
        for g in range(len(parts[0].exogenous) if parts else 0):
            content[f"positions{g}"] = parts[0].exogenous[g].positions
            content[f"cov{g}"] = np.concatenate([part.exogenous[g].cov for part in parts])
            content[f"mean{g}"] = np.concatenate([part.exogenous[g].mean for part in parts])
        beside = self._path.with_name(f"{self._path.name}.part")
        try:
            with beside.open("wb") as file:
                np.savez(file, **content)
            beside.replace(self._path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise UsageError(
                f"Draws cannot be kept in {self._path}: {error.strerror}.",
                remedy="Name another place.",
                code="resume-file",
            ) from None
        self._written = time.monotonic()

    def _load(self) -> None:
        content = _read(self._path)
        if str(content["identity"]) != self._identity:
            raise UsageError(
                f"{self._path} holds draws of another fit: model, data, options, kind of draws or seed differ.",
                remedy="Name another file, or delete this one.",
                code="resume-file",
            )
        start = 0
        n_groups = sum(1 for name in content if name.startswith("positions"))
        for length in content["lengths"].tolist():
            chosen = slice(start, start + length)
            exogenous = tuple(
                ExogenousMoments(content[f"positions{g}"], content[f"cov{g}"][chosen], content[f"mean{g}"][chosen])
                for g in range(n_groups)
            )
            part = Part(exogenous=exogenous, **{name: content[name][chosen] for name in _FIELDS})
            self._parts[int(part.number[0]), int(part.number[-1])] = part
            start += length


def _read(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
        if str(content.get("format")) == _FORMAT:
            return content
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError, TypeError):  # TypeError: one array, .npy
        pass
    raise UsageError(
        f"{path} is no file of draws of this version.",
        remedy="Name the file of an earlier --resume, or one that does not exist yet.",
        code="resume-file",
    )
