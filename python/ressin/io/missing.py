"""Which cells of a text file mean that a value is missing: one list for every reader."""

from __future__ import annotations

# In any case and with blanks around them. What spreadsheets, pandas, R, MATLAB and the usual C libraries write.
WORDS = frozenset(
    {
        "", "nan", "-nan", "na", "n/a", "null", "none", "<na>", "#na", "#n/a", "#n/a n/a",
        "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "#div/0!", "#num!", "#value!", "#ref!",
    }
)  # fmt: skip

# For parsers that compare cells exactly: the usual spellings. A cell in another one comes back as text, and
# `is_missing` decides.
SPELLINGS = sorted({spelt for word in WORDS for spelt in (word, word.upper(), word.capitalize())} | {"NaN", "-NaN"})


def is_missing(cell: str) -> bool:
    """Whether a cell stands for a missing value."""
    return cell.strip().lower() in WORDS
