"""What can be said about one column."""

import collections
import math
import statistics

COMMON = 5


def describe_column(cells):
    """Numbers are measured, everything else is counted. Empty cells are missing values."""
    filled = [cell for cell in cells if cell.strip()]
    found = {"missing": len(cells) - len(filled)}
    numbers = to_numbers(filled)
    if numbers is None:
        counts = collections.Counter(filled)
        return {**found, "kind": "text", "distinct": len(counts), "common": dict(counts.most_common(COMMON))}
    if not numbers:
        return {**found, "kind": "empty"}
    return {
        **found,
        "kind": "number",
        "min": min(numbers),
        "max": max(numbers),
        "mean": round(statistics.fmean(numbers), 6),
        "median": round(statistics.median(numbers), 6),
        "deviation": round(statistics.pstdev(numbers), 6),
    }


def find_outliers(rows, at, deviations):
    """Rows whose number lies further from the mean than so many standard deviations."""
    numbers = to_numbers([row[at] for row in rows])
    if not numbers:
        return
    mean, deviation = statistics.fmean(numbers), statistics.pstdev(numbers)
    for row, number in zip(rows, numbers):
        if abs(number - mean) > deviations * deviation:
            yield row


def to_numbers(cells):
    """The cells as finite numbers; ``None`` when one of them is none."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
