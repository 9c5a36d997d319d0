#!/usr/bin/env python3
"""The fold's vectors are what make_fold.py makes, and agree with the design."""
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("make_fold.py")


class Fold(unittest.TestCase):
    def test_the_file_is_what_the_script_makes(self):
        subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
