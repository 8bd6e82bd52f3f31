"""Layers 4 to 7: scenarios, in which stores, servers, clients and documents are roles that implementations play.

Data flows as in the lower layers: scenarios and manifests are read (`model`), roles are cast (`casting`), participants
perform (`stage`, and a module for each kind of participant), what they answer is judged (`predicate`, `agreement`), and
each performance ends as a record (`records`).
"""
