"""Every operation through every interface, seen in database and files."""


def test_the_main_job(user_project, command_line):
    def run(*args):
        result = user_project.command_line(command_line, *args)
        assert result.code == 0, result
        return result

    result = run('migrate', '-m', 'Add user')
    assert "Detected added table 'user'" in result.stderr
    assert len(user_project.scripts()) == 1
    assert user_project.tables() == []
    result = run('upgrade')
    assert 'Running upgrade  -> ' in result.stderr
    assert user_project.tables() == ['user']
    assert run('current').stdout.strip() == \
        user_project.version()[0] + ' (head)'
    assert 'Nothing to do' in run('upgrade').stdout
    assert 'No changes in schema detected.' in run('migrate').output
    assert len(user_project.scripts()) == 1
    run('downgrade', '-1')
    assert user_project.tables() == []
