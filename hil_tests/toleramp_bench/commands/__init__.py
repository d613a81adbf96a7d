"""The bench's commands of the tool: pyproject.toml names each under the entry points `toleramp.commands`.

They look like the modules of `toleramp.commands`; a verb of `toleramp oximeter` is named under `toleramp.oximeter`, a
folder's report under `toleramp.reports`.
"""
