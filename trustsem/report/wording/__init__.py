"""The words of a report, in two languages: `en.toml` and `zh.toml` have the same keys and the same places."""

from trustsem.wording import Wording, texts

__all__ = ["Wording", "texts"]
