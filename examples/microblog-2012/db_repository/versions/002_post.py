from sqlalchemy import (
    Column, DateTime, ForeignKey, Integer, MetaData, String, Table)

meta = MetaData()
user = Table('user', meta, Column('id', Integer, primary_key=True))
post = Table('post', meta,
             Column('id', Integer, primary_key=True, nullable=False),
             Column('body', String(length=140)),
             Column('timestamp', DateTime),
             Column('user_id', Integer, ForeignKey('user.id')))


def upgrade(migrate_engine):
    meta.bind = migrate_engine
    post.create()


def downgrade(migrate_engine):
    meta.bind = migrate_engine
    post.drop()
