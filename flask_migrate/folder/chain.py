"""The chain that revision files form: :class:`revision_files.File` objects."""


def heads(files):
    """The files that no other follows."""
    followed = set(each for file in files for each in file.down)
    return [file for file in files if file.revision not in followed]


def duplicates(files):
    """The files that share an identifier, as lists."""
    by_revision = {}
    for file in files:
        by_revision.setdefault(file.revision, []).append(file)
    return [same for _, same in sorted(by_revision.items())
            if len(same) > 1]


def missing(files):
    """Pairs of a file and an identifier that it follows but nothing has."""
    known = set(file.revision for file in files)
    for file in files:
        known.update(file.labels)
    return [(file, each) for file in files for each in file.needs
            if each not in known]


def in_order(files):
    """The files, each after those that it needs.

    Those in a circle, and what follows them, are left out.
    """
    owners = _owners(files)
    waits, followers = {}, {}
    for file in files:
        needed = set(owners[each].revision for each in file.needs
                     if each in owners)
        waits[file.revision] = len(needed)
        for each in needed:
            followers.setdefault(each, []).append(file)
    ready = [file for file in files if not waits[file.revision]]
    for file in ready:              # which grows meanwhile
        for follower in followers.get(file.revision, ()):
            waits[follower.revision] -= 1
            if not waits[follower.revision]:
                ready.append(follower)
    return ready


def _owners(files):
    """The files by identifier, and by label."""
    found = dict((label, file) for file in files for label in file.labels)
    found.update((file.revision, file) for file in files)
    return found


def cycle(files):
    """Files that follow each other in a circle; an empty list if none do."""
    free = set(file.revision for file in in_order(files))
    left = dict((file.revision, file) for file in files
                if file.revision not in free)
    if not left:
        return []
    # What is left follows the circle or is in it: go down until it closes.
    seen, revision = [], sorted(left)[0]
    while revision not in seen:
        seen.append(revision)
        revision = [each for each in left[revision].needs if each in left][0]
    return [left[each] for each in seen[seen.index(revision):]]


def applied(files, at):
    """The identifiers that a database at the revisions *at* has seen."""
    owners = _owners(files)
    seen, found = list(at), set()
    while seen:
        file = owners.get(seen.pop())
        if file is not None and file.revision not in found:
            found.add(file.revision)
            seen.extend(file.needs)
    return found


def pending(files, at):
    """The files that a database at the revisions *at* has not seen.

    They come in an order in which they can be applied.
    """
    seen = applied(files, at)
    return [file for file in in_order(files) if file.revision not in seen]


def broken_chain(files):
    """What is wrong with revision files; None if they form a chain."""
    for same in duplicates(files):
        return "Revision %s is in %d files: %s. Delete the copy, or give " \
            "one of them an identifier of its own." % (
                same[0].revision, len(same),
                ' and '.join(file.name for file in same))
    for file, gone in missing(files):
        return "%s follows revision '%s', whose file is missing. Restore " \
            "that file from version control, or let down_revision name " \
            "another one." % (file.name, gone)
    circle = cycle(files)
    if circle:
        return "The revisions follow each other in a circle: %s. Correct " \
            "down_revision in one of these files." % ' -> '.join(
                file.title for file in circle + circle[:1])
    return None
