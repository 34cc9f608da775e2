"""Characters that look like a sign of the model language and are another one, with the sign that is meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_BY_HAND = {
    "〜": "~",
    "∼": "~",
    "˜": "~",
    "⁓": "~",
    "≈": "~~",
    "↔": "~~",
    "−": "-",
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "×": "*",
    "·": "*",
    "∗": "*",
    "⋅": "*",
    "÷": "/",
    "∕": "/",
    "、": ",",
    "。": ".",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": "'",
    "’": "'",
    "‚": "'",
    "`": "'",
    "「": '"',
    "」": '"',
    "≤": "<",
    "≥": ">",
    "≡": "==",
    "∶": ":",
    "¦": "|",
    "│": "|",
    "→": "~",
    "←": "~",
}
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}

# Full-width letters are left out: they may stand in a column's name.
LOOKALIKES: Mapping[str, str] = {
    **{wide: ascii_sign for wide, ascii_sign in _FULL_WIDTH.items() if not ascii_sign.isalpha()},
    **_BY_HAND,
}


def name_character(character: str) -> str:
    """Return how a message names a character: itself where it can be seen, and its code point.

    Example:
        >>> name_character("＋")
        '`＋` (U+FF0B, FULLWIDTH PLUS SIGN)'
    """
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    seen = f"`{character}` " if character.isprintable() and unicodedata.category(character)[0] != "M" else ""
    return f"{seen}({code}, {name})" if name else f"{seen}({code})"
