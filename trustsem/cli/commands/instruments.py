"""`trustsem instruments`: the bundled questionnaires, and one of them item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption, Language, LanguageOption
from trustsem.tables.text import render_pairs, render_table

if TYPE_CHECKING:
    from trustsem.instruments import Codebook, Covariate, Item, LocalText, MissingCode, Scale

app = typer.Typer(help="The bundled questionnaires.", no_args_is_help=True, rich_markup_mode=None)

InstrumentArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a bundled codebook, or the path of a .toml file.")
]


@app.command("list")
def list_all(lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """List the bundled codebooks."""
    from trustsem.instruments import list_codebooks, load_codebook

    books = [load_codebook(name) for name in list_codebooks()]
    if as_json:
        print_json("instruments", {"instruments": [_summary_record(book) for book in books]})
        return
    rows = [
        [book.id, book.title.text(lang.value), len(book.items), len(book.construct_names), book.respondent_role]
        for book in books
    ]
    print_text(
        render_table(["codebook", "title", "items", "constructs", "answered by"], rows, width=terminal_width()),
        "`trustsem instruments show NAME` prints the items with their wording.",
    )


@app.command("show")
def show(name: InstrumentArgument, lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """Show one codebook: items with wording, construct and key, scales, missing codes, covariates."""
    from trustsem.instruments import load_codebook

    book = load_codebook(name)
    if as_json:
        print_json("instrument", _full_record(book))
        return
    width = terminal_width()
    language = lang.value
    print_text(
        _facts(book, language, width),
        f"Items\n{_items(book, language, width)}",
        f"Scales\n{_scales(book, language, width)}",
        f"Missing codes\n{_missing(book, language, width)}",
        f"Covariates\n{_covariates(book, language, width)}" if book.covariates else "",
    )


def _facts(book: Codebook, language: str, width: int) -> str:
    return render_pairs(
        [
            ("Codebook", book.id),
            ("Title", book.title.text(language)),
            ("Description", book.description.text(language)),
            ("Version", book.version),
            ("Source", book.source),
            ("Licence", book.licence),
            ("Answered by", book.respondent_role),
            ("Notes", book.notes.text(language)),
        ],
        width=width,
    )


def _items(book: Codebook, language: str, width: int) -> str:
    rows: list[list[object]] = []
    for construct in book.construct_names:
        rows.append([f"{construct}:"])
        for item in book.items_of(construct):
            key = "reversed" if item.reverse else ""
            rows.append([f"  {item.name}", item.wording.text(language), key, item.scale.name])
    return render_table(["item", "wording", "key", "scale"], rows, width=width)


def _scales(book: Codebook, language: str, width: int) -> str:
    rows: list[list[object]] = []
    for scale in book.scales:
        rows.append([f"{scale.name}: {scale.allowed()}"])
        rows.extend([f"  {point:g}", scale.label(point, language) or ""] for point in scale.points)
    return render_table(["point", "label"], rows, width=width)


def _missing(book: Codebook, language: str, width: int) -> str:
    rows: list[list[object]] = [
        [_code(code), code.reason, code.label.text(language), ", ".join(code.only) or "all"] for code in book.missing
    ]
    return render_table(["code", "reason", "meaning", "holds for"], rows, width=width)


def _code(code: MissingCode) -> str:
    return f"{code.pattern} (pattern)" if code.code is None else code.code or "(empty cell)"


def _covariates(book: Codebook, language: str, width: int) -> str:
    rows: list[list[object]] = [
        [item.name, item.label.text(language), item.kind.value, _values(item, language)] for item in book.covariates
    ]
    return render_table(["covariate", "label", "kind", "values"], rows, width=width)


def _values(covariate: Covariate, language: str) -> str:
    if covariate.scale is not None:
        return f"scale {covariate.scale.name}"
    if covariate.categories:
        return ", ".join(category.label.text(language) or category.value for category in covariate.categories)
    bounds = [f"{bound:g}" if bound is not None else "" for bound in (covariate.minimum, covariate.maximum)]
    shown = f"{bounds[0]} to {bounds[1]}".strip() if any(bounds) else ""
    return " ".join(part for part in (shown, covariate.unit) if part)


def _summary_record(book: Codebook) -> dict[str, Any]:
    return {
        "id": book.id,
        "title": _text(book.title),
        "version": book.version,
        "source": book.source,
        "licence": book.licence,
        "respondent_role": book.respondent_role,
        "n_items": len(book.items),
        "constructs": list(book.construct_names),
    }


def _full_record(book: Codebook) -> dict[str, Any]:
    return {
        **_summary_record(book),
        "description": _text(book.description),
        "notes": _text(book.notes),
        "items": [_item_record(item) for item in book.items],
        "scales": [_scale_record(scale) for scale in book.scales],
        "missing": [
            {"code": m.code, "pattern": m.pattern, "reason": m.reason, "label": _text(m.label), "only": list(m.only)}
            for m in book.missing
        ],
        "covariates": [
            {
                "name": covariate.name,
                "kind": covariate.kind.value,
                "label": _text(covariate.label),
                "column": covariate.column,
                "scale": covariate.scale.name if covariate.scale else None,
                "categories": [category.value for category in covariate.categories],
                "minimum": covariate.minimum,
                "maximum": covariate.maximum,
                "unit": covariate.unit,
            }
            for covariate in book.covariates
        ],
    }


def _item_record(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "construct": item.construct,
        "facet": item.facet,
        "reverse": item.reverse,
        "scale": item.scale.name,
        "wording": _text(item.wording),
        "column": item.column,
        "source": item.source,
        "basis": item.basis,
    }


def _scale_record(scale: Scale) -> dict[str, Any]:
    labels = {"en": list(scale.labels_en), "zh": list(scale.labels_zh)}
    return {"name": scale.name, "points": list(scale.points), "labels": labels, "accept": scale.accept.value}


def _text(text: LocalText) -> dict[str, str | None]:
    return {"en": text.en, "zh": text.zh}
