"""A small application with database migrations.

    python examples/quickstart/manage.py db upgrade
    python examples/quickstart/manage.py runserver
"""
import os

from flask import Flask, jsonify
from flask_migrate import Migrate, MigrateCommand   # before flask_script
from flask_script import Manager
from flask_sqlalchemy import SQLAlchemy

# Absolute paths: the same database and the same migrations whatever the
# working directory is, and whichever Flask-SQLAlchemy is installed.
here = os.path.dirname(os.path.abspath(__file__))

app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = \
    'sqlite:///' + os.path.join(here, 'app.db')
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False

db = SQLAlchemy(app)
migrate = Migrate(app, db, directory=os.path.join(here, 'migrations'))

manager = Manager(app)
manager.add_command('db', MigrateCommand)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(128))


@app.route('/')
def users():
    return jsonify(users=[user.name for user in User.query.all()])


if __name__ == '__main__':
    manager.run()
