#!/usr/bin/env python3
"""exchange.json is what make_exchange.py makes."""
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("make_exchange.py")


class Exchange(unittest.TestCase):
    def test_the_file_is_what_the_script_makes(self):
        subprocess.run([sys.executable, SCRIPT, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
