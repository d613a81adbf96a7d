"""The bench's commands of the tool: pyproject.toml names each under the entry points `toleramp.commands`.

They look like the modules of `toleramp.commands`; a folder's report is named under `toleramp.reports`.
"""
