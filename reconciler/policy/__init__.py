"""The policy language: what a document means, and how to write one; pure.

Three rooms, each of which uses only those before it: `language` (documents and their parts),
`meaning` (facts, difference, requests, risks) and `compile` (from facts to a policy's text).
"""
