"""The commands for Flask-Script; 'flask db' finds app.py itself.

    python manage.py db upgrade
"""
from app import app
from flask_migrate import MigrateCommand    # before flask_script
from flask_script import Manager

manager = Manager(app)
manager.add_command('db', MigrateCommand)

if __name__ == '__main__':
    manager.run()
