"""What is noted of a run that failed, before it lets go of everything."""
import io

from .. import compat
from .position import Positions, left_by


class Failure(object):
    """A run that failed, for the explanations.

    :ivar error: what was raised; None: a signal came at the very end.
    :ivar revision: the revision that was running, or None; and its
        *direction*, *path*, *doc* and *parent*.
    :ivar printing: whether it was not run, but printed as SQL.
    :ivar effect: what of the revision is permanent.
    :ivar positions: the Positions of the databases; None: nothing has begun.
    :ivar obstacles: sentences: who was in the way last.
    """

    def __init__(self, error, run):
        self.error = error
        run.watcher.stop()      # it may be about to say why
        self.obstacles = list(run.watcher.seen)
        self.revision = self.direction = self.path = self.parent = None
        self.doc = ''
        self.effect = None
        self.printing = False
        running = run.running
        if running is not None:
            (self.revision, self.direction, self.path,
             self.doc) = compat.alembic.step_parts(running.step)
            self.parent = compat.alembic.step_parent(running.step)
            self.printing = running.journal is None
            if running.journal is not None:
                self.effect = running.journal.effect(
                    error, read(self.path))
                self.effect.left += left_by(running.plan, self.effect.failed)
                self.effect.left += _in_others_hands(run, running)
        self.positions = Positions(run, self.effect, error) \
            if run.began else None


def _in_others_hands(run, running):
    """A sentence, where only the caller can roll back what was done."""
    borrowed = run.connections.borrowed(running.plan.context.connection)
    if borrowed.given and running.journal.open:
        return ['What the revision did stands in the transaction of the '
                'caller, on the connection that env.py was given: roll it '
                'back.']
    return []


def read(path):
    """The text of a revision file, or None."""
    try:
        with io.open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except (EnvironmentError, TypeError):
        return None
