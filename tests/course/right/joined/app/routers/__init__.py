"""The routes: what a request says, as a call of a service; what that returns, as an answer.

A route asks one service and returns what it gave; ``response_model`` makes the JSON of it. What a
service raises it lets through: ``problems.py`` answers with 404, 409 or 503.
"""
