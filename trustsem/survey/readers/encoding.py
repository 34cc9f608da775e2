"""Find out in which encoding a text file is written, and say so when it is not UTF-8."""

from __future__ import annotations

import codecs
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from trustsem.errors import DataError
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of

# Longest first: the UTF-16 mark is the beginning of the UTF-32 one.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FAMILIAR = (
    "utf-8",
    "gb18030",
    "gbk",
    "big5",
    "cp1252",
    "latin-1",
    "utf-16",
    "shift_jis",
    "euc-kr",
    "cp1251",
    "cp1250",
)
_SAMPLE_BYTES = 1 << 20

_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_HIGH_PAIR = re.compile(rb"([\x81-\xfe])([\x30-\x39][\x81-\xfe][\x30-\x39]|[\x40-\x7e\x80-\xfe])")
# In GB2312 the leads A1-A3 are punctuation and full-width letters, B0-D7 the 3,755 characters in common use. They
# make up nearly all of a Chinese questionnaire; accented Western letters paired by accident fall elsewhere.
_COMMON_LEADS = frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xD8)])
_CHINESE_SHARE = 0.8
# Accented letters stand alone or in twos between plain ones; whole runs mean another alphabet.
_WESTERN_SHARE = 0.8
_WESTERN_RUN = 2
# A file of which three in four non-ASCII sequences are UTF-8 is a damaged UTF-8 file and not something else: in other
# encodings at most one in three is, by accident.
_UTF8_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file and how it was decoded."""

    text: str
    encoding: str
    findings: tuple[Finding, ...] = ()


def decode_bytes(data: bytes, path: Path, encoding: str | None = None) -> Decoded:
    """Decode the bytes of a text file.

    Args:
        data: All bytes of the file, decompressed.
        path: The file, for messages.
        encoding: The caller's choice; None to detect: byte-order marks, UTF-8, GB18030, Windows-1252.

    Raises:
        DataError: "unknown-encoding", "wrong-encoding", "invalid-utf8", "encoding-undetected" or "nul-bytes".
    """
    decoded = _detect(data, path) if encoding is None else _decode_as(data, path, encoding)
    if "\x00" in decoded.text:
        raise _nul_error(decoded.text.encode(errors="replace"), path)
    return decoded


def _decode_as(data: bytes, path: Path, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        # Python knows codecs such as "hex" that do not make text; decode() refuses those with LookupError.
        if name == "utf-8" and data.startswith(codecs.BOM_UTF8):
            name = "utf-8-sig"
        return Decoded(data.decode(name), name)
    except LookupError as error:
        near = difflib.get_close_matches(encoding.lower(), _FAMILIAR, n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise DataError(
            f"'{encoding}' is not a text encoding that Python knows.",
            code="unknown-encoding",
            remedy=f"{hint}Common ones: {', '.join(_FAMILIAR)}.",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not written in {encoding}: byte {error.start + 1} of the file, "
            f"in line {_line_of(data, error.start)}, does not fit.",
            code="wrong-encoding",
            remedy="Leave the encoding out to have it detected, or re-save the file as UTF-8.",
        ) from error


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding that a byte-order mark at the beginning names; None without one."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _detect(data: bytes, path: Path) -> Decoded:
    name = marked_encoding(data)
    if name is not None:
        decoded = _decode_as(data, path, name)
        return decoded if name == "utf-8-sig" else Decoded(decoded.text, name, (_finding(name, "its byte-order mark"),))
    if b"\x00" in data:
        raise _nul_error(data, path)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data):
            raise _damaged(data, path, error.start) from error
    for name, reason, is_plausible in (
        ("gb18030", "Chinese characters in common use", _looks_chinese),
        ("cp1252", "Western accented letters", _looks_western),
    ):
        if is_plausible(data):
            try:
                return Decoded(data.decode(name), name, (_finding(name, reason),))
            except UnicodeDecodeError:
                # Plausible at a glance but not valid: the next candidate may be.
                continue
    raise DataError(
        f"{path} is not UTF-8, and its encoding cannot be told with confidence.",
        code="encoding-undetected",
        remedy=f"Name it with --encoding (e.g. {', '.join(_FAMILIAR[2:])}), or re-save the file as UTF-8.",
    )


def _looks_chinese(data: bytes) -> bool:
    pairs = _HIGH_PAIR.findall(data[:_SAMPLE_BYTES])
    common = sum(lead[0] in _COMMON_LEADS and len(trail) == 1 and trail[0] >= 0xA1 for lead, trail in pairs)
    return bool(pairs) and common >= _CHINESE_SHARE * len(pairs)


def _looks_western(data: bytes) -> bool:
    lengths = [len(run) for run in _HIGH_RUN.findall(data)]
    return sum(length for length in lengths if length <= _WESTERN_RUN) >= _WESTERN_SHARE * sum(lengths)


def _is_damaged_utf8(data: bytes) -> bool:
    good = _UTF8_SEQUENCE.findall(data)
    bad = sum(map(len, _HIGH_RUN.findall(data))) - sum(map(len, good))
    return len(good) >= _UTF8_SHARE * (len(good) + bad)


def _damaged(data: bytes, path: Path, start: int) -> DataError:
    return DataError(
        f"{path} is UTF-8 but damaged: the first invalid byte is number {start + 1}, in line {_line_of(data, start)}.",
        code="invalid-utf8",
        remedy="Export the survey again, or repair that line; parts of the file may come from another encoding.",
    )


def _nul_error(data: bytes, path: Path) -> DataError:
    likely = next((name for end, name in ((b"\n\x00", "utf-16-le"), (b"\x00\n", "utf-16-be")) if end in data), None)
    if likely is not None:
        remedy = f"It looks like UTF-16 without a byte-order mark: try --encoding {likely}, or re-save it as UTF-8."
    else:
        remedy = "The file is damaged or not a text file: export the survey again."
    count = count_of(data.count(b"\x00"), "NUL byte")
    return DataError(
        f"{path} holds {count}, the first in line {_line_of(data, data.index(0))}.", code="nul-bytes", remedy=remedy
    )


def _line_of(data: bytes, position: int) -> int:
    line_end = b"\n" if b"\n" in data else b"\r"
    return data.count(line_end, 0, position) + 1


def _finding(encoding: str, reason: str) -> Finding:
    return Finding(
        "encoding-detected",
        Severity.INFO if encoding.startswith("utf") else Severity.WARNING,
        f"The file is not plain UTF-8; it was read as {encoding}, judged by {reason}.",
        remedy="If names or labels look wrong, name the encoding with --encoding, or re-save the file as UTF-8.",
    )
