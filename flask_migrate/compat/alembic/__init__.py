"""What depends on the version of Alembic.

Alembic is imported only inside functions: see ``flask_migrate/__init__.py``.
"""
from .comparing import (  # noqa: F401
    Pair, batch_reflects_checks, can_say_using, compare_no_defaults,
    compares_defaults, create_table, has_autocommit_block, is_in_batch,
    is_included, keep_unique, know_sequences, new_table, note_tables,
    noted_tables, render_column, render_default, set_option,
    table_comments, take_over_defaults, with_name)
from .migration import (  # noqa: F401
    allow_version_table, as_given, as_tuple, first_sentence, forget_revisions,
    heads_of,
    in_transactions, leave_version_table, same_context, stamp,
    stand_in_for_heads, starting_revision, step_parent, step_parts, step_text,
    step_transaction, steps, takes_engine_name, version_table,
    without_engine_name)
from .reading import (  # noqa: F401
    ENCODED, load_python_file, load_revisions, mark_encoding,
    read_scripts_by, revision_files, version_folders)
from .scripts import (  # noqa: F401
    failed_hook, format_script, generate_revision, is_unknown, new_rev_id,
    script_directory, script_heads, script_revisions, take_any_text, targets,
    tell_of_files, walk, write_scripts_to)
from .threads import quiet_status  # noqa: F401
from .versions import (  # noqa: F401
    SINCE, alembic_command, alembic_version, attributes, check_package_folders,
    compare, environment_context, finds_cycles, has_branches, has_check,
    has_operations,
    last_operations, needs_newer_alembic, type_alone, type_text,
    upgrades, without_defaults)
