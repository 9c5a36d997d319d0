#!/usr/bin/env python3
"""docs/REGULATIONS.md is what the schema, the policies, the reports and the tests say, and every clause has a test."""
import pathlib
import subprocess
import sys
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "regulations"


class Regulations(unittest.TestCase):
    def test_every_clause_has_a_test_and_the_document_says_which(self):
        subprocess.run([sys.executable, TOOL, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
