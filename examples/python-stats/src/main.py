"""Statistics over CSV, with the standard library only."""

from pathlib import Path

from paddock import Context, action, fail

from .columns import describe_column, find_outliers
from .table import NotATable, read_table

ZONES = Path(__file__).parent.parent / "zones.csv"


@action
def describe(source: object, ctx: Context) -> dict:
    names, rows = _read(source, ctx)
    columns = {}
    for at, name in enumerate(names):
        ctx.signal.raise_if_aborted()
        columns[name] = describe_column([row[at] for row in rows])
        ctx.progress((at + 1) / len(names), name)
    ctx.log.info("described", {"rows": len(rows), "columns": len(names)})
    return {"rows": len(rows), "columns": columns}


@action
def outliers(question: dict, ctx: Context):
    """Yields one row after another: the caller may stop when it has seen enough."""
    names, rows = _read(question.get("source"), ctx)
    column = question.get("column")
    if column not in names:
        raise fail("NO_SUCH_COLUMN", f"There is no column {column!r}.", {"columns": names})
    for row in find_outliers(rows, names.index(column), question.get("deviations", 2)):
        yield dict(zip(names, row))


def _read(source: object, ctx: Context):
    if source is None:
        source = next(iter(ctx.files.inbox.values()), str(ZONES))
        text = Path(source).read_text("utf-8")
    elif isinstance(source, str):
        text = source
    else:
        text = (source if isinstance(source, bytes) else source.read()).decode("utf-8")
    try:
        return read_table(text)
    except NotATable as error:
        raise fail("NOT_A_TABLE", str(error)) from error
