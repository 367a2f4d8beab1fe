"""Who is asked what a change means, and what the command line said of it."""
from ..errors import MigrateError


class Unanswered(BaseException):
    """Somebody has to be asked: env.py is left, so that nothing is open.

    It is run again, from its start, with the answers.
    """


class Question(object):
    """Something that only the developer knows.

    :param key: equal for equal questions.
    :param text: the question, as a terminal shows it.
    :param read: makes an answer of what was typed; a ValueError's text says
        what is wrong with it.
    """

    def __init__(self, key, text, read):
        self.key = key
        self.text = text
        self.read = read

    def is_moot(self, answers):
        """Whether other answers leave nothing to ask."""
        return False


class Questioner(object):
    """Knows the answers; this one asks nobody.

    :ivar answers: by the key of the question.
    """

    can_ask = False

    def __init__(self):
        self.answers = {}
        self._waiting = []

    def ask(self, question):
        """The answer, or None where there is none.

        Where somebody can be asked, None is for now only: the next
        :meth:`check` leaves env.py for it.
        """
        if question.key not in self.answers and self.can_ask:
            self._waiting.append(question)
        return self.answers.get(question.key)

    def check(self):
        """Leave env.py where questions are waiting."""
        if self._waiting:
            raise Unanswered()

    def put_questions(self):
        """Ask all that are waiting."""


class Terminal(Questioner):
    """Asks on a terminal.

    :param read_line: is called with a prompt and gives what was typed; None
        at the end of the input.
    """

    can_ask = True

    def __init__(self, read_line):
        Questioner.__init__(self)
        self._read_line = read_line

    def put_questions(self):
        waiting, self._waiting = self._waiting, []
        for question in waiting:
            if question.is_moot(self.answers):
                self.answers[question.key] = None
            elif question.key not in self.answers:
                self.answers[question.key] = self._put(question)

    def _put(self, question):
        prompt = question.text
        while True:
            line = self._read_line(prompt + u' ')
            if line is None:
                raise MigrateError(
                    'There was no answer: nothing was written.')
            try:
                return question.read(line.strip())
            except ValueError as error:
                prompt = u'%s %s' % (error, question.text)
