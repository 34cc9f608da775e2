"""The same table in every format gives the same frame, after the conversion that text needs."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from trustsem.survey.readers import READERS, read_raw

# Its stubs know no frame of pandas.
_PYREADSTAT: Any = pyreadstat

NUMBERS = ("id", "q1", "weight")
TABLE = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "q1": [1.0, np.nan, 5.0, 3.0],
        "weight": [0.25, 1.5, 2.0, 1e-3],
        "答案": ["None", "NA", "非常同意", 'a, b; "c"'],
    }
)

WRITERS: dict[str, Callable[[Path], object]] = {
    ".csv": lambda p: TABLE.to_csv(p, index=False),
    ".tsv": lambda p: TABLE.to_csv(p, index=False, sep="\t"),
    ".tab": lambda p: TABLE.to_csv(p, index=False, sep="\t"),
    ".txt": lambda p: TABLE.to_csv(p, index=False, sep="|"),
    ".csv.gz": lambda p: p.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode())),
    ".tsv.gz": lambda p: p.write_bytes(gzip.compress(TABLE.to_csv(index=False, sep="\t").encode())),
    ".txt.gz": lambda p: p.write_bytes(gzip.compress(TABLE.to_csv(index=False, sep=";").encode())),
    ".xlsx": lambda p: TABLE.to_excel(p, index=False),
    ".xlsm": lambda p: TABLE.to_excel(p, index=False, engine="openpyxl"),
    ".parquet": lambda p: TABLE.to_parquet(p, index=False),
    ".pq": lambda p: TABLE.to_parquet(p, index=False),
    ".dta": lambda p: _PYREADSTAT.write_dta(TABLE, p, version=15),
    ".sav": lambda p: _PYREADSTAT.write_sav(TABLE, p),
    ".zsav": lambda p: _PYREADSTAT.write_sav(TABLE, p, compress=True),
}


def _as_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    numeric = {name: [np.nan if cell == "" else float(cell) for cell in frame[name].to_list()] for name in NUMBERS}
    return frame.assign(**numeric).astype({"答案": object})


@pytest.mark.parametrize("suffix", READERS)
def test_every_format_gives_the_same_table(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{suffix}"
    WRITERS[suffix](path)
    raw = read_raw(path)
    pd.testing.assert_frame_equal(_as_numbers(raw.frame), _as_numbers(TABLE), check_exact=False, rtol=1e-15)
    assert raw.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (raw.source.n_rows, raw.source.n_columns) == (4, 4)
    assert raw.source.path == str(path)
    assert raw.source.format == READERS[suffix].format


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".dta", ".sav"])
def test_typed_formats_give_numbers_and_missing_cells(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{suffix}"
    WRITERS[suffix](path)
    frame = read_raw(path).frame
    assert all(frame[name].dtype.kind in "if" for name in NUMBERS)
    assert np.isnan(frame.loc[1, "q1"])
    assert frame.loc[1, "答案"] == "NA"


def test_suffix_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "TABLE.CSV"
    WRITERS[".csv"](path)
    assert read_raw(path).source.format == "csv"


HINTS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "hints7"


@pytest.mark.skipif(not HINTS.is_dir(), reason="the HINTS 7 half sample is not beside the checkout")
def test_hints_csv_and_sav_agree() -> None:
    text = read_raw(HINTS / "hints7_half.csv")
    typed = read_raw(HINTS / "hints7_half.sav")
    assert text.frame.shape == typed.frame.shape == (3712, 92)
    assert list(text.frame.columns) == list(typed.frame.columns)
    # The answer "None" is an answer; pandas' own reading of this file makes it a missing value.
    assert [raw.frame["FreqGoProvider"].to_list().count("None") for raw in (text, typed)] == [417, 417]
    assert text.frame["CancerTrustDoctor"].to_list() == typed.frame["CancerTrustDoctor"].to_list()
