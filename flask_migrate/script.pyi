from flask_script import (  # type: ignore  # has no types
    Command as Command, Group as Group, Manager as Manager, Option as Option,
    Server as Server, Shell as Shell, prompt as prompt,
    prompt_bool as prompt_bool, prompt_choices as prompt_choices,
    prompt_pass as prompt_pass)

MigrateCommand: Manager
