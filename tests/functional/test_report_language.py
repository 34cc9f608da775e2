"""A Chinese report is Chinese: what is left of English are names, and messages that the engine writes in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

import trustsem as ts
from trustsem.records import Finding
from trustsem.report import FORMATS, build_document
from trustsem.report.document import Document
from trustsem.study import StudyResult, run_study
from trustsem.study.spec import Design, EffectQuestion, InvarianceQuestion, ModelEntry, StudySpec
from trustsem.theory import load_theory

# Indices, methods, programs and people that Chinese texts name in Latin letters.
KEPT = {
    "AGReMA", "AIC", "APA", "AVE", "BIC", "Bartlett", "Bentler", "Browne", "CFI", "COSMIN", "Cudeck", "DWLS", "Delta",
    "Feldt", "Fornell", "HTMT", "Henseler", "Hu", "Imai", "JARS", "KR", "Kaiser", "Keele", "Larcker", "Little",
    "Lorenzo", "MIIV", "ML", "MLR", "MSA", "Python", "RMSEA", "Ringle", "SHA", "SLS", "SRMR", "Sargan", "Sarstedt",
    "Satorra", "Seva", "TLI", "Tingley", "Tucker", "WLSMV", "Yuan", "Cho", "Berge", "al", "dMACS", "describe", "et",
    "org", "reproduce", "rho", "ten", "trustsem", "agrema", "statement", "Lee", "Mokkink", "Appelbaum",
    "json", "csv", "SD", "Rönkkö", "manifest",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-zö]{2,}")


def study(model: str, sample: str, group: str | None) -> StudySpec:
    return StudySpec(
        "信任研究",
        ts.samples_dir() / f"{sample}.csv",
        (ModelEntry(model, model),),
        language="zh",
        design=Design.CROSS_SECTIONAL,
        draws=0,
        effects=(EffectQuestion(),),
        invariance=None if group is None else InvarianceQuestion(group),
    )


STUDIES = {
    "interpersonal_path": study("interpersonal_path", "trust_patients", "setting"),
    "trust_facets": study("trust_facets", "trust_facets", None),
}


@cache
def found(name: str) -> StudyResult:
    return run_study(STUDIES[name])


@cache
def document(name: str, language: str = "zh") -> Document:
    return build_document(found(name), language)


def engine_texts(result: StudyResult, made: Document) -> Iterator[str]:
    """Yield what the engine and the figures say in English; the report tells its reader so."""
    findings: list[Finding] = [*result.findings]
    for part in (result.comparison, result.invariance, *result.parts.values()):
        for one in (part, *getattr(part, "results", {}).values()):
            findings.extend(getattr(one, "findings", ()))
            yield from getattr(one, "assumptions", ())
    for finding in findings:
        yield finding.message
        yield finding.remedy or ""
    for skipped in result.skipped:
        yield skipped.part
        yield skipped.reason
    for entry in result.survey.log:
        yield entry.detail or ""
    for block in made.figures():
        yield block.plot.text()


def names(result: StudyResult) -> set[str]:
    """Return names of items, columns, groups, files, programs and models."""
    manifest = result.manifest
    known = {named.name for named in result.fits} | set(manifest.versions) | set(manifest.data.values())
    known |= {manifest.platform, str((manifest.codebook or {}).get("id"))}
    known |= set(result.survey.frame.columns) | set(result.main.fitted.table.variables.latent)
    known |= {lever.id for lever in load_theory().levers}
    if result.main.model.library is not None:
        known |= set(result.main.model.library.sources)
    if result.invariance is not None:
        known |= set(result.invariance.group_labels)
    return {str(name) for name in known}


def words_left(result: StudyResult, made: Document) -> set[str]:
    text = FORMATS["markdown"].render(made).decode()
    for part in sorted({*engine_texts(result, made)}, key=len, reverse=True):
        text = text.replace(part.replace("|", "\\|"), " ") if part else text
    text = re.sub(r"\b[0-9a-f]{16,64}\b", " ", text)
    for name in sorted(names(result), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", " ", text)
    return set(_WORD.findall(text)) - KEPT


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_chinese_report_has_no_english_left(name: str) -> None:
    assert words_left(found(name), document(name)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_both_languages_show_the_same_numbers(name: str) -> None:
    def numbers(made: Document) -> list[list[str]]:
        return [
            re.findall(r"-?\d+\.\d{3}", " ".join(cell for row in table.rows for cell in row)) for table in made.tables()
        ]

    assert numbers(document(name, "en")) == numbers(document(name, "zh"))


@pytest.mark.slow
def test_an_english_report_has_no_chinese_left() -> None:
    text = FORMATS["markdown"].render(document("interpersonal_path", "en")).decode()
    assert not re.search(r"[\u4e00-\u9fff]", text.replace("信任研究", ""))
