"""The words of a table's rows, in English: a module a table. Numbers, names and groups are the table's."""
