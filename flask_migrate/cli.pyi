from click import Command, Group

db: Group
entry_point: Group

list_templates: Command
init: Command
revision: Command
migrate: Command
edit: Command
merge: Command
upgrade: Command
downgrade: Command
stamp: Command
ensure_version: Command
show: Command
history: Command
heads: Command
branches: Command
current: Command
check: Command
status: Command
adopt: Command
