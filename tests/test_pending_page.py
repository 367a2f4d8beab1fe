"""The page that a request gets where an upgrade was forgotten."""
import os
import shutil
import subprocess

import pytest

from project import Project
from servers import REQUIRE_SERVERS


@pytest.fixture(params=['sqlite', 'postgresql', 'mariadb'])
def url(request, tmpdir):
    if request.param == 'sqlite':
        return 'sqlite:///' + str(tmpdir.join('database.db'))
    return request.getfixturevalue(request.param + '_url')


def made(tmpdir, url=None, **settings):
    """A project with a view that needs a table, of a pending revision."""
    settings.setdefault('pending_page', True)
    project = Project(tmpdir, url=url, **settings)
    user = project.model('User', name=project.db.Column(
        project.db.String(20)))
    project.app.debug = True

    @project.app.route('/')
    def users():
        return ', '.join(each.name for each in user.query.all()) or 'nobody'

    @project.app.route('/wrong')
    def wrong():
        raise ValueError('of the view')
    project.python('init')
    project.python('migrate', message='Add <users>')
    return project


@pytest.fixture
def project(tmpdir):
    return made(tmpdir)


def get(project, path='/', **headers):
    return project.app.test_client().get(path, headers=[
        (name.replace('_', '-'), value) for name, value in headers.items()])


def text_of(response):
    return response.data.decode('utf-8')


def test_the_page(tmpdir, url):
    project = made(tmpdir, url)
    response = get(project)
    assert response.status_code == 500
    page = text_of(response)
    script, = project.python('heads')
    assert script.revision in page
    assert 'Add &lt;users&gt;' in page
    assert '<code>flask db upgrade</code>' in page
    assert 'there is a revision that it has not seen' in ' '.join(
        page.split())
    password = project.engine().url.password
    assert not password or password not in page
    project.python('upgrade')       # which the page has not done
    assert text_of(get(project)) == 'nobody'


def test_a_column(project):
    project.python('upgrade')
    project.write_revision('b2', down=project.version()[0])
    project.execute('DROP TABLE user')
    project.execute('CREATE TABLE user (id INTEGER)')
    assert 'b2' in text_of(get(project))


def test_not_where_nothing_is_pending(project):
    project.python('stamp')
    with pytest.raises(Exception) as caught:
        get(project)
    assert 'no such table' in str(caught.value)


def test_not_for_other_errors(project):
    with pytest.raises(ValueError):
        get(project, '/wrong')


def test_not_without_debug(project):
    project.app.debug = False
    response = get(project)
    assert response.status_code == 500
    assert 'upgrade' not in text_of(response)


@pytest.mark.parametrize('name', [
    'Forwarded', 'X_Forwarded_For', 'X_Forwarded_Proto', 'X_Real_IP', 'Via'])
def test_not_through_a_proxy(project, name):
    with pytest.raises(Exception) as caught:
        get(project, **{name: '10.0.0.1'})
    assert 'no such table' in str(caught.value)


def test_not_unless_asked_for(tmpdir):
    project = made(tmpdir, pending_page=False)
    with pytest.raises(Exception) as caught:
        get(project)
    assert 'no such table' in str(caught.value)


def test_the_applications_own_handler_goes_first(project):
    from sqlalchemy.exc import OperationalError

    @project.app.errorhandler(OperationalError)
    def handler(error):
        return 'my own'
    assert text_of(get(project)) == 'my own'


def test_the_name_of_the_group(tmpdir, monkeypatch):
    project = made(tmpdir, command='database')
    assert '<code>flask database upgrade</code>' in text_of(get(project))
    monkeypatch.setattr('sys.argv', ['manage.py', 'runserver'])
    assert '<code>python manage.py database upgrade</code>' \
        in text_of(get(project))


def test_bound_twice(project):
    project.migrate.init_app(project.app, project.db)
    assert text_of(get(project)).count('<h1>') == 1


# In a browser ----------------------------------------------------------------

CHROMIUM = [name for name in ('chromium', 'chromium-browser', 'google-chrome')
            if getattr(shutil, 'which', lambda name: None)(name)]


@pytest.mark.once
@pytest.mark.parametrize('width', [360, 1440])
def test_in_a_browser(project, tmpdir, width):
    """Read as a browser shows it, with nothing cut off at the side."""
    if not CHROMIUM:
        missing = os.environ.get(REQUIRE_SERVERS, '') not in ('', '0')
        (pytest.fail if missing else pytest.skip)('There is no Chromium.')
    page = tmpdir.join('page.html')
    page.write_binary(get(project).data + (
        b'<script>document.title = document.documentElement.scrollWidth '
        b'+ " of " + innerWidth</script>'))
    found = subprocess.check_output([
        CHROMIUM[0], '--headless', '--no-sandbox', '--disable-gpu',
        '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
        '--disable-background-networking', '--disable-component-update',
        '--disable-sync', '--user-data-dir=%s' % tmpdir.join('browser'),
        '--window-size=%d,900' % width, '--dump-dom', 'file://%s' % page],
        stderr=subprocess.STDOUT).decode('utf-8')
    assert 'flask db upgrade' in found
    title = found.rpartition('<title>')[2].partition('</title>')[0]
    scrolled, inner = [int(each) for each in title.split(' of ')]
    assert scrolled <= inner, title
