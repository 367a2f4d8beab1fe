"""The tables of the blog."""
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Category(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50), nullable=False)


class Post(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80), nullable=False)
    body = db.Column(db.Text)
    category_id = db.Column(db.Integer, db.ForeignKey('category.id'),
                            index=True)
    category = db.relationship(Category, backref='posts')
    # The server's default: posts that exist already get it too.
    read_count = db.Column(db.Integer, nullable=False, server_default='0')
