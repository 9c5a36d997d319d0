#!/usr/bin/env python3
"""The committed vectors are what make_vectors.py makes."""
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("make_vectors.py")


class Vectors(unittest.TestCase):
    def test_the_files_are_what_the_script_makes(self):
        subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
