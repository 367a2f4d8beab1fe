from sqlalchemy import Column, Index, Integer, MetaData, String, Table

meta = MetaData()
user = Table('user', meta,
             Column('id', Integer, primary_key=True, nullable=False),
             Column('nickname', String(length=64)),
             Column('email', String(length=120)))


def upgrade(migrate_engine):
    meta.bind = migrate_engine
    user.create()
    for name in 'nickname', 'email':
        Index('ix_user_' + name, user.c[name], unique=True).create()


def downgrade(migrate_engine):
    meta.bind = migrate_engine
    user.drop()
