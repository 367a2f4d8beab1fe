"""What ``revision``, ``migrate``, ``merge`` and ``check`` do."""
from flask import current_app

from .. import compat
from ..databases import forgotten_names
from ..errors import MigrateError
from ..folder import revision_files
from ..folder.writing import (
    WrittenFiles, alone, check_identifier, safe_message)
from ..run.looking import through_env_py
from . import reading
from .answers import Answers
from .checking import check, differences  # noqa: F401
from .comparison import Comparison
from .protection import mention_left_alone
from .questioner import Questioner, Terminal, Unanswered
from .showing import quietly, shown_only, texts_in
from .unimported import mention_existing_tables


def _comparison(call, questioner=None, answers=None):
    return Comparison(
        call, dict(current_app.extensions['migrate'].configure_args),
        questioner, answers)


@alone
def create(call, message, autogenerate, dry_run=False, rename=None,
           drop=None, fill=None, allow_drop_all=False, **arguments):
    """Write one revision file, or several, and return the scripts.

    :param dry_run: whether to return their texts instead.
    """
    config = call.config
    check_identifier(config, arguments.get('rev_id'))
    command, kept = compat.alembic.alembic_command(
        'revision', autogenerate=autogenerate,
        message=safe_message(config, message), **arguments)
    answers = Answers(rename, drop, fill, allow_drop_all)
    _check_operations(answers)
    questioner = Terminal(call.read_line) if autogenerate \
        and call.can_ask() else Questioner()
    scripts = found = None
    with shown_only(dry_run) as folder:
        while found is None:
            run = _comparison(call, questioner, answers)
            run.scripts_folder = folder
            found = _attempt(call, run, lambda: command(config, **kept))
            questioner.put_questions()
        scripts = _all_scripts(found)
        texts = texts_in(folder, scripts)
    if autogenerate and not run.multidb and len(run.plans) < 2:
        _mention_binds(call.write)
    if autogenerate:
        mention_left_alone(run.protections, call.note)
        for text in run.warnings if scripts or texts else ():
            call.warn(text)
    if not scripts and not texts:
        if autogenerate:
            _say_no_changes(call, run)
        return None
    for text in texts:
        call.write(text)
    results = texts or scripts
    return results[0] if len(results) == 1 else results


def _attempt(call, run, command):
    """Let env.py run; None where somebody has to be asked first.

    :return: the scripts, in a list that holds what Alembic has returned.
    """
    with WrittenFiles(call.config, run.scripts_folder) as files:
        try:
            with through_env_py(call, run), \
                    quietly(call, run.scripts_folder):
                scripts = command()
        except Unanswered:
            run.leave_connections()
            return None
        if run.compared or not compat.alembic.has_operations():
            run.answers.check_all_used()
        if _wrote_nothing(run):
            files.remove()
            return []
        if scripts is None:         # Alembic 0.6 returns none
            scripts = files.scripts()
        if run.compared:
            reading.check(files.paths)
        return [scripts]


def _all_scripts(found):
    scripts = found[0] if found and isinstance(found[0], (list, tuple)) \
        else found
    return [each for each in scripts if each is not None]


def _check_operations(answers):
    """Refuse answers to questions that this Alembic leaves nobody."""
    for option, given in (('--rename', answers.rename or answers.values),
                          ('--fill', answers.fill)):
        if given and not compat.alembic.has_operations():
            raise MigrateError(compat.alembic.needs_newer_alembic(
                option, '0.8'))


def _say_no_changes(call, run):
    call.write(u'No changes in schema detected.')
    if not revision_files.read(call.config):
        for protection in run.protections:
            mention_existing_tables(protection, call.write)


def _mention_binds(write):
    """Say that models were left out, by an env.py for one database."""
    state = current_app.extensions['migrate']
    names = forgotten_names(current_app, state.db)
    if names:
        write(
            u"The models of the binds (%s) were left out: this folder was "
            u"made for the default database alone, without 'init --multidb'."
            % u', '.join(names))


def _wrote_nothing(run):
    """Whether autogenerate wrote a script without any operation.

    Alembic before 0.8 does, and puts the text of the functions here.
    """
    texts = [text for name, text
             in run.options.get('template_args', {}).items()
             if name.endswith(('upgrades', 'downgrades'))]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return bool(texts) and all(
        line in ('', 'pass') or line.startswith('#') for line in lines)


@alone
def merge(call, revisions, **arguments):
    """Write a revision that joins *revisions*, by default all heads."""
    config = call.config
    if isinstance(revisions, compat.python.string_types):
        revisions = revisions.split()
    revisions = list(revisions or ())
    if not revisions:
        revisions = compat.alembic.script_heads(
            compat.alembic.script_directory(config))
        if len(revisions) < 2:
            call.write(u'There is nothing to merge: %s.'
                       % (u'one head, ' + revisions[0] if revisions
                          else u'no revision'))
            return None
    check_identifier(config, arguments.get('rev_id'))
    arguments['message'] = safe_message(config, arguments.get('message'))
    command, kept = compat.alembic.alembic_command('merge', **arguments)
    with WrittenFiles(config), through_env_py(call, _comparison(call)), \
            call.status():
        return command(config, revisions, **kept)
