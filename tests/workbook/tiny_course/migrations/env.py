"""Migrations of the solution, run by solution."""

import solution.models
from solution import database
from solution.models import Task

path = "solution.models"
solution_of = "the solution"
tables = [Task, database.url]
table = solution.models.Task
