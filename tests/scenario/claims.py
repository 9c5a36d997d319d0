"""What the Python scenarios share: the office and the second client of
tests/vectors, and claims whose names begin with the scenario's."""
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "vectors"))

import office as central  # noqa: E402


class Claims:
    def __init__(self, scenario):
        self.scenario, self.bad = scenario, 0

    def check(self, name, holds, *details):
        print("%s %s: %s" % ("ok" if holds else "not ok", self.scenario,
                             name), flush=True)
        if not holds:
            self.bad += 1
            for detail in details:
                print("#", str(detail)[:1000])

    def equal(self, name, got, wanted):
        self.check(name, got == wanted, "got:    %r" % (got,),
                   "wanted: %r" % (wanted,))


def run(scenario, story):
    """Runs story(claims, office) at an office of its own; the exit code."""
    claims, office = Claims(scenario), central.Office()
    try:
        story(claims, office)
    except Exception:
        claims.check("the story is told to its end", False,
                     traceback.format_exc(), office.said())
    finally:
        office.close()
    return 1 if claims.bad else 0
