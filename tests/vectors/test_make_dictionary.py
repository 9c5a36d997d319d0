#!/usr/bin/env python3
"""Dictionary 1 and its C array are what make_dictionary.py makes."""
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("make_dictionary.py")


class Dictionary(unittest.TestCase):
    def test_the_files_are_what_the_script_makes(self):
        subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
