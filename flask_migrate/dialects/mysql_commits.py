"""What commits by itself on MySQL and MariaDB."""
import re

#: Before a statement that is executed for a while with other variables.
_SET_STATEMENT = re.compile(r'SET\s+STATEMENT\b.*?\bFOR\s+', re.I | re.S)

_COMMENTS = re.compile(r'\A(?:\s+|/\*(?![!M]).*?\*/|--\s[^\n]*(?:\n|\Z)'
                       r'|#[^\n]*(?:\n|\Z)|\()+', re.S)
_EXECUTABLE = re.compile(r'\A/\*M?!\d*\s*')

_COMMITS = re.compile(r'''(?:
    (?:CREATE|DROP)\s+(?!(?:OR\s+REPLACE\s+)?TEMPORARY\b)
    |ALTER\b|RENAME\b|TRUNCATE\b|GRANT\b|REVOKE\b
    |BEGIN\b(?!\s+NOT\b)|START\s+TRANSACTION\b|COMMIT\b|LOCK\s+TABLES?\b
    |ANALYZE\s+(?:(?:NO_WRITE_TO_BINLOG|LOCAL)\s+)?TABLES?\b
    |OPTIMIZE\b|REPAIR\b|CHECK\s+(?:TABLE|VIEW)\b|FLUSH\b|RESET\b
    |INSTALL\b|UNINSTALL\b|SET\s+PASSWORD\b|SET\s+DEFAULT\s+ROLE\b
    |BACKUP\b
)''', re.I | re.X)

#: What depends on what it calls, on what is locked, or on the server: these
#: of replication and of caches commit in MySQL, not in MariaDB.
_MAY = re.compile(r'''(?:
    BEGIN\s+NOT\b|CALL\b|EXECUTE\b|XA\b|UNLOCK\s|CACHE\s
    |LOAD\s+INDEX\b|CHANGE\s|START\b(?!\s+TRANSACTION\b)|STOP\b
)''', re.I | re.X)

#: In SET, without its texts.
_AUTOCOMMIT = re.compile(
    r'(?:^SET|,)\s*(?:(?:SESSION|LOCAL)\s+|@@(?:(?:SESSION|LOCAL)\s*\.\s*)?)?'
    r'`?AUTOCOMMIT`?\s*:?=\s*(?:1|ON|TRUE|\?)', re.I)
_TEXTS = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"", re.S)

#: What has statements in it that are not executed now.
_DEFINES = re.compile(r'CREATE\b.*?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|'
                      r'PACKAGE)\b', re.I | re.S)

#: A syntax error: nothing has been executed.
_NOT_PARSED = 1064


def commits(statement, error=None):
    """Whether a statement commits what came before it.

    DDL does so before it does anything else, and also where it fails itself.

    :param error: what it failed with: of a driver, or SQLAlchemy's.
    :return: True, False, or None where that depends: so it does where
        several stand in one text, as some drivers allow.
    """
    text = _bare(statement)
    parts = [text] if _DEFINES.match(text) else _TEXTS.sub(
        '?', text).rstrip('; \t\r\n').split(';')
    if len(parts) > 1:
        return None if any(_commits(_bare(each)) is not False
                           for each in parts) else False
    if error is not None and number_of(error) == _NOT_PARSED:
        return False
    return _commits(text)


def _commits(text):
    if _MAY.match(text):
        return None
    if _COMMITS.match(text):
        return True
    return text[:3].upper() == 'SET' and bool(
        _AUTOCOMMIT.search(_TEXTS.sub('?', text)))


def number_of(error):
    """The server's number of an error, or None."""
    error = getattr(error, 'orig', None) or error
    number = getattr(error, 'errno', None)      # MySQL Connector
    if number is None and getattr(error, 'args', None):
        number = error.args[0]
    return number if isinstance(number, int) else None


def _bare(statement):
    """A statement without what may stand before it."""
    before = None
    while statement != before:
        before = statement
        statement = _COMMENTS.sub('', statement)
        statement = _EXECUTABLE.sub('', statement)
        statement = _SET_STATEMENT.sub('', statement, 1) \
            if _SET_STATEMENT.match(statement) else statement
    return statement
