"""Reads CSV into names and rows."""

import csv
import io


class NotATable(ValueError):
    """The text has no line of names, or a row of another length."""


def read_table(text: str):
    try:
        names, *rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (ValueError, csv.Error) as error:
        raise NotATable(f"This is not CSV: {error}") from error
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise NotATable(f"Row {number} has {len(row)} fields, where {len(names)} are named.")
    return names, rows
