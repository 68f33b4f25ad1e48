"""The rows of the tables as types, one `TypedDict` per table. A test compares them with the tables.

Queries that join tables or read a part of the columns declare their rows beside the query.
"""
