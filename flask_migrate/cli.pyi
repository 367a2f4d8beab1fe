from click import Group

db: Group
entry_point: Group
