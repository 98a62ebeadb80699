"""How large a Parquet file becomes in memory, told before it is read.

The footer's sizes are those of the encoded pages, and a run of a billion equal values is encoded in a few bytes: what
counts is how many values there are, and, for texts, how long each is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow.parquet as pq

WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}  # bytes of a value
OFFSET = 4  # bytes by which Arrow finds a text


def parquet_bytes(source: Any, *, nested: bool = False) -> int:
    """Bytes that the columns of a Parquet file take in memory; no value is unfolded to find out.

    Parameters
    ----------
    source
        A path, or an Arrow file.
    nested
        Whether columns of lists and structures are taken, as in files of ressin's own. In a damaged file of anyone's,
        pyarrow ends the process where such a column's size is asked for, instead of raising.

    Raises
    ------
    pyarrow.ArrowException, OSError
        When it is not a readable Parquet file, or has such a column and they are not taken.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = pq.read_metadata(source)
    texts: set[str] = set()
    total = 0
    for place in range(footer.num_columns):
        column = footer.schema.column(place)
        if column.max_repetition_level > 0 or "." in column.path:
            if not nested:
                raise pa.ArrowInvalid(f"column {column.path[:60]!r} holds lists or structures, which are not read")
            total += sum(_nested_bytes(footer, group, place) for group in range(footer.num_row_groups))
        elif column.physical_type == "BYTE_ARRAY":
            texts.add(column.path)
        else:
            total += footer.num_rows * _width(column)
    return total + (_text_bytes(pq.ParquetFile(source, read_dictionary=sorted(texts)), sorted(texts)) if texts else 0)


def _width(column: Any) -> int:
    return int(WIDTHS.get(column.physical_type) or column.length)


def _nested_bytes(footer: pq.FileMetaData, group: int, place: int) -> int:
    """Bytes of a column of lists, whose number of values only the footer of the piece of it has."""
    about, column = footer.row_group(group), footer.schema.column(place)
    chunk = about.column(place)
    values = max(chunk.num_values, about.num_rows)
    if column.physical_type == "BYTE_ARRAY":  # texts inside lists: none can be longer than all of them encoded
        return int(values * (OFFSET + chunk.total_uncompressed_size))
    return max(int(chunk.total_uncompressed_size), int(values * _width(column)))


def _text_bytes(file: pq.ParquetFile, names: list[str]) -> int:
    """Bytes of columns of texts, which are read as numbers of different texts and not laid out."""
    import pyarrow.compute as pc

    total = 0
    for batch in file.iter_batches(columns=names):
        for column in batch.columns:
            packed = hasattr(column, "dictionary")
            lengths = pc.binary_length(column.dictionary).take(column.indices) if packed else pc.binary_length(column)
            total += OFFSET * len(column) + int(pc.sum(lengths).as_py() or 0)
    return total
