"""A blog: its application factory."""
import os

from flask import Flask, jsonify
from flask_migrate import Migrate, status

from .models import Post, db

migrate = Migrate()
project = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def create_app(database_url=None):
    """Make an application; by default its database is beside this folder."""
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = (
        database_url or os.environ.get('DATABASE_URL')
        or 'sqlite:///' + os.path.join(project, 'blog.db'))
    app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
    db.init_app(app)
    migrate.init_app(app, db, directory=os.path.join(project, 'migrations'))

    @app.route('/')
    def posts():
        return jsonify(posts=[
            {'title': post.title, 'read': post.read_count}
            for post in Post.query.order_by(Post.id)])

    @app.route('/healthz')
    def healthz():
        """Whether this code and the database belong together."""
        found = status()
        return jsonify(is_current=found.is_current, pending=found.pending), \
            200 if found.is_current else 503

    return app
