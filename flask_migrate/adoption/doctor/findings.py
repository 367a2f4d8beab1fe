"""What an examination finds, and how it is shown."""
from ...compat.python import text

#: From the worst on: what does not work, what may go wrong, what is so.
LEVELS = ('error', 'warning', 'note')


class Finding(object):
    """One thing that was found.

    :ivar level: 'error' (a command fails, or does another thing than it
        should), 'warning' (one may), or 'note'.
    :ivar text: what it is.
    :ivar cure: what to do, '' where nothing need be done.
    :ivar details: further lines, such as a difference to apply; a list.

    .. versionadded:: 5.0.0
    """

    def __init__(self, level, words, cure='', details=()):
        self.level = level
        self.text = text(words)
        self.cure = text(cure)
        self.details = [text(each) for each in details]

    def __repr__(self):
        return '<Finding %s: %s>' % (self.level, self.text)

    def as_dict(self):
        return {'level': self.level, 'text': self.text, 'cure': self.cure,
                'details': self.details}


class Diagnosis(object):
    """What an examination found.

    :ivar findings: a list of :class:`Finding`.

    .. versionadded:: 5.0.0
    """

    def __init__(self):
        self.findings = []

    @property
    def error(self):
        """The text of the first error, or None."""
        errors = [each.text for each in self.findings
                  if each.level == 'error']
        return errors[0] if errors else None

    def as_dict(self):
        """All of it in dicts and lists, as ``--format json`` prints it."""
        return {'error': self.error,
                'findings': [each.as_dict() for each in self.findings]}

    def lines(self):
        """All of it as a terminal shows it, the worst first."""
        for finding in sorted(self.findings,
                              key=lambda each: LEVELS.index(each.level)):
            first, rest = _split(finding.text)
            yield u'%s: %s' % (finding.level.capitalize(), first)
            for line in rest + _split(finding.cure, whole=True):
                yield u'  ' + line
            for line in finding.details:
                yield u'    ' + line
        yield self._summary()

    def _summary(self):
        counts = [(level, sum(each.level == level for each in self.findings))
                  for level in LEVELS]
        found = [u'%d %s%s' % (number, level, u's' * (number > 1))
                 for level, number in counts if number]
        return u'%s.' % (u', '.join(found) or u'Nothing was found')


def _split(words, whole=False):
    lines = [line.strip() for line in words.splitlines()]
    return lines if whole else (lines[0], lines[1:])
