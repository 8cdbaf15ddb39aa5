"""The subcommands, one module for each kind. Imported when they are called: `clausewatch history` starts no Prefect."""
