"""The blog's commands for Flask-Script.

    python manage.py db upgrade
    python manage.py add_post "A title"
    python manage.py runserver
"""
from blog import create_app
from blog.models import Post, db
from flask_migrate import MigrateCommand    # before flask_script
from flask_script import Manager

manager = Manager(create_app)
manager.add_command('db', MigrateCommand)


@manager.command
def add_post(title):
    """Add a post"""
    db.session.add(Post(title=title))
    db.session.commit()


if __name__ == '__main__':
    manager.run()
