"""The rows of a SQLite database that point to no row."""
from collections import Counter

from ..compat.sqlite import error, execute


def quoted(name):
    """A name as SQL."""
    return '"%s"' % name.replace('"', '""')


def tables(raw):
    """The names of the tables."""
    return [row[0] for row in execute(
        raw, "SELECT name FROM sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite|_%' ESCAPE '|'")]


def children(raw, parent):
    """The other tables that have a foreign key to a table."""
    return [table for table in tables(raw)
            if table.lower() != parent.lower() and any(
                row[2].lower() == parent.lower() for row in execute(
                    raw, 'PRAGMA foreign_key_list(%s)' % quoted(table)))]


def violations(raw):
    """The rows that violate a foreign key, each told from the others.

    A table with a foreign key that cannot be checked, as its declaration
    fits no unique column of the parent, is left out.

    :return: how often there is each of: table, parent, number of the foreign
        key, and what identifies the row.
    """
    found = Counter()
    for table in tables(raw):
        try:
            rows = execute(raw, 'PRAGMA foreign_key_check(%s)'
                           % quoted(table))
        except error():
            continue        # 'foreign key mismatch'
        for _, rowid, parent, number in rows:
            found[table, parent, number, _row(raw, table, rowid)] += 1
    return found


def _row(raw, table, rowid):
    """What identifies a row: a batch operation may give it a new rowid."""
    if rowid is None:
        return None         # WITHOUT ROWID
    keys = [row[1] for row in execute(
        raw, 'PRAGMA table_info(%s)' % quoted(table)) if row[5]]
    if not keys:
        return rowid
    rows = execute(raw, 'SELECT %s FROM %s WHERE rowid = ?' % (
        ', '.join(quoted(key) for key in keys), quoted(table)), (rowid,))
    return rows[0]


def new_violations(before, after):
    """Sentences about violations that were not there before."""
    return sorted(set(
        "'%s' has rows that point to no row of '%s'" % pair[:2]
        for pair in after - before))
