#!/usr/bin/env python3
"""Makes fold.json: a record's lines in, its exact state out (sync-protocol.md section 5, shared/model/fold.h).

States come from tests/model/reference_fold.py, which shares no code with the C side.  fold_reference.json are the abbreviated
cases of the design; they are translated here to real lines, and values and what is open must agree with them.

make_fold.py           writes fold.json beside itself
make_fold.py --check   fails when the file is not what it would write, or the design's cases do not agree
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'model'))
import reference_fold as fold  # noqa: E402

RECORD, CASE = fold.RECORD, fold.CASE


def replica(short):
    """w1 -> w1AAAAAAAAAAA"""
    return short[0] + short[1:].ljust(12, 'A')


def long_dot(text):
    short, n = text.split(':')
    return '%s:%s' % (replica(short), n)


# --- the design's cases ----------------------------------------------------------------------------------------------

def definition(reference, version):
    fields = {}
    for name, rule in reference['schemas'][str(version)].items():
        fields[name] = {'kind': 'any', 'rule': rule}
        if rule in ('furthest', 'safest'):
            order = reference['order'][name]
            fields[name].update(kind='code', order=order, codes=sorted({code for pair in order for code in pair}))
    return {'type': 'contact', 'version': version, 'fields': fields}


class Translation:
    def __init__(self, case):
        self.case = case
        self.by_id = {case['write_ids']['%s:%d' % (r['replica'], r['n'])]: r for r in case['revisions']}

    def line(self, r):
        out = {'author': 'dana'}
        for name, value in r.items():
            if name in ('replica',):
                value = replica(value)
            elif name == 'record':
                value = RECORD
            elif name == 'case':
                value = CASE
            elif name == 'seen':
                value = {replica(s): n for s, n in value.items()}
            elif name in ('hold', 'clock'):
                value = {long_dot(d): v for d, v in value.items()}
            elif name == 'release':
                value = long_dot(value)
            elif name == 'keep':
                value = {f: sorted(self.write_id(i) for i in ids) for f, ids in value.items()}
            elif name == 'carries':
                value = self.line(value)
            if value != {}:
                out[name] = value
        return fold.canonical(out)

    def write_id(self, short):
        r = self.by_id[short]
        while 'carries' in r:
            r = r['carries']
        return fold.write_id(self.line(r))

    def lines(self):
        return [self.line(r) for r in self.case['revisions']]


def same_field(wanted, got):
    """Values, what is live and what is open; not the layout."""
    value = wanted['value']
    if isinstance(value, dict) and 'meanwhile' in value:
        assert got['meanwhile'] and got['value'] == value['meanwhile']
    elif isinstance(value, dict) and 'review' in value:
        assert got['meanwhile'] and got['review'] == value['review']
    else:
        assert got['value'] == value and 'meanwhile' not in got
    assert got.get('open', False) == wanted['open']
    assert got.get('sealed', False) == wanted.get('sealed', False)
    pairs = lambda entries: sorted([e['dot'], e['value']] for e in entries)
    assert pairs(got['live']) == sorted([long_dot(d), v] for d, v in wanted['live'])
    assert pairs(got.get('after', [])) == sorted([long_dot(d), v] for d, v in wanted.get('after', []))
    assert (sorted([e['dot'], e['value'], e['reason']] for e in got.get('dropped', [])) ==
            sorted([long_dot(d), m, why] for d, m, why in wanted.get('dropped', [])))


def designed():
    reference = json.loads((HERE / 'fold_reference.json').read_text(encoding='utf-8'))
    for case in reference['vectors']:
        kind = definition(reference, case['schema'])
        lines = Translation(case).lines()
        got, wanted = json.loads(fold.fold(lines, {'contact': kind})), case['state']
        try:
            assert got.get('waiting') == wanted.get('waiting')
            fields = {f: v for f, v in got.get('fields', {}).items()}
            assert set(fields) == set(wanted.get('fields', {}))
            for name, field in fields.items():
                same_field(wanted['fields'][name], field)
        except AssertionError:
            sys.exit('%s: the design says %s, the fold %s' % (case['name'], wanted, got))
        yield vector('design: ' + case['name'], [kind], lines)


# --- our own ----------------------------------------------------------------------------------------------------------

def line(dot, seen='', prev=0, at=1, **members):
    short, n = dot.split(':')
    out = {'at': at, 'author': 'dana' if short[0] == 'w' else 'kim', 'n': int(n), 'record': RECORD, 'replica': replica(short), **members}
    if seen:
        out['seen'] = {replica(s.split(':')[0]): int(s.split(':')[1]) for s in seen.split()}
    if prev:
        out['prev'] = prev
    return fold.canonical(out)


def vector(name, definitions, lines):
    told = fold.told(lines, definitions)
    told.update(name=name, hash=fold.state_hash(told['state']))
    return told


def own():
    kinds = [fold.DEFINITION, fold.OTHER]
    ids = fold.write_id
    born = line('w1:1', type='sample', case=CASE)
    case = lambda name, *lines: vector(name, kinds, list(lines))
    yield case('a creating line alone', born)
    yield case('a record without a case', line('w1:1', type='sample', set={'phone': 'a'}))
    yield case('created and sealed in one line', line('w1:1', type='sample', case=CASE, seal=True, set={'note': 'x', 'phone': 'y'}))
    yield case('a type that the schema does not know', line('w1:1', type='nowhere', set={'a': 1}), line('w2:1', 'w1:1', set={'a': 2}),
               line('w3:1', 'w1:1', set={'a': 3}))
    yield case('text is kept as typed', line('w1:1', type='sample', set={'phone': 'tab\there\nline "quoted" \\ \u0001 é 😀'}))
    yield case('null is a value', born, line('w1:2', 'w1:1', 1, set={'phone': None}), line('w2:1', 'w1:1', set={'phone': 'a'}))
    yield case('structured values are compared whole', born, line('w1:2', 'w1:1', 1, set={'income': {'a': [1, {}]}}),
               line('w2:1', 'w1:1', set={'income': {'a': [1, {}]}}))
    yield case('two creating lines: the least dot creates', line('w2:1', type='other', set={'phone': 'b'}), born)
    yield case('the creating line is carried', line('w9:1', carries=born), line('w9:2', 'w9:1', 1, set={'phone': 'a'}))
    yield case('an unparseable line is carried', born, line('w9:1', 'w1:1', carries='{"torn'))
    a, b = line('w1:2', 'w1:1', 1, set={'stage': 'sent'}), line('w2:1', 'w1:1', set={'stage': 'new'})
    yield case('furthest: one maximum is shown, and listed', born, a, b)
    yield case('furthest: a correction backwards', born, a, line('w1:3', 'w1:2', 2, set={'stage': 'new'}))
    yield case('furthest: review shows what both had seen', born, line('w1:2', 'w1:1', 1, set={'stage': 'new'}),
               line('w1:3', 'w1:2', 2, set={'stage': 'done'}), line('w2:1', 'w1:2', set={'stage': 'lost'}))
    yield case('furthest: a code outside the order goes to review', born, a, line('w2:1', 'w1:1', set={'stage': 'unknown'}))
    yield case('latest: equal clocks, then replica', born, line('w1:2', 'w1:1', 1, set={'phone': 'a'}), line('w2:1', 'w1:1', set={'phone': 'b'}))
    yield case('a clock names the held dot of a release', born, line('o1:1', 'w1:1', hold={replica('w1') + ':2': 'invalid'}),
               line('w1:2', 'w1:1', 1, at=99, set={'phone': 'a'}),
               line('o1:2', 'w1:1', 1, release=replica('w1') + ':2', carries=line('w1:2', 'w1:1', 1, at=99, set={'phone': 'a'})),
               line('w2:1', 'w1:1', at=5, set={'phone': 'b'}), line('o1:3', 'w1:1', 2, clock={replica('w1') + ':2': 3}))
    hold = line('o1:1', 'w1:1', hold={replica('w1') + ':2': 'revoked'})
    lifted = line('o1:2', 'w1:1', 1, release=replica('w1') + ':2', carries=line('w1:2', 'w1:1', 1, set={'phone': 'held'}))
    yield case('a release is covered by what its writer wrote on sight of it', born, hold, lifted, line('w1:3', 'w1:2', 2, set={'phone': 'b'}))
    yield case('a release is covered by what its writer wrote on sight of it and a successor carries', born, hold, lifted,
               line('w2:1', 'w1:2', carries=line('w1:3', 'w1:2', 2, set={'phone': 'b'})))
    yield case('a release is open to what its writer wrote on an older form', born, hold, lifted, line('w1:3', 'w1:1', 2, set={'phone': 'b'}))
    yield case('a release is open to who saw only what its writer wrote later', born, hold, lifted, line('w1:3', 'w1:1', 2, set={'income': 1}),
               line('w2:1', 'w1:3', set={'phone': 'b'}))
    h = line('w1:2', 'w1:1', 1, set={'income': 10})
    yield case('both: each had seen the base under another dot', born, line('w8:1', 'w1:1', carries=h), line('w9:1', 'w1:1', carries=h),
               line('w2:1', 'w8:1', set={'income': 20}), line('w3:1', 'w9:1', set={'income': 30}))
    yield case('two that claim to have seen each other are live together', born,
               line('w2:1', 'w3:1', set={'phone': 'a'}), line('w3:1', 'w2:1', set={'phone': 'b'}))
    n1 = line('w1:2', 'w1:1', 1, seal=True, set={'note': 'x'})
    n2 = line('w1:3', 'w1:2', 2, set={'note': 'late'})
    yield case('fixed: a keep of what came after the seal changes nothing', born, n1, n2,
               line('o1:1', 'w1:3', keep={'note': [ids(n2)]}))
    s1, s2 = line('w1:2', 'w1:1', 1, seal=True, set={'note': 'x'}), line('w2:1', 'w1:1', seal=True, set={'note': 'y'})
    yield case('fixed: a keep settles two seals', born, s1, s2, line('o1:1', 'w1:2 w2:1', keep={'note': [ids(s2)]}))
    yield case('fixed: a later seal does not cover an earlier one', born, s1, line('w1:3', 'w1:2', 2, seal=True, set={'note': 'z'}))
    yield case('fixed: a seal takes the latest of what it had seen', born, line('w1:2', 'w1:1', 1, at=5, set={'note': 'x'}),
               line('w2:1', 'w1:1', at=6, set={'note': 'y'}), line('w1:3', 'w1:2 w2:1', 2, seal=True))
    yield case('fixed: a seal speaks of fields never written', born, line('w1:2', 'w1:1', 1, seal=True), line('w2:1', 'w1:2', set={'note': 'x'}))
    add = line('w1:2', 'w1:1', 1, add={'langs': ['so', 'fr', 'so']})
    yield case('set: a member named twice is one', born, add)
    yield case('set: dropped and added again', born, add, line('w1:3', 'w1:2', 2, drop={'langs': {'so': 'moved'}}),
               line('w1:4', 'w1:3', 3, add={'langs': ['so']}))
    yield case('set on a set-valued field is unreadable', born, line('w1:2', 'w1:1', 1, set={'langs': ['so']}))
    yield case('unreadable until someone who saw it writes', born, line('w1:2', 'w1:1', 1, set={'langs': None}),
               line('w2:1', 'w1:2', add={'langs': ['fr']}))
    yield case('add to a field that is not set-valued is unreadable', born, line('w1:2', 'w1:1', 1, add={'phone': ['1']}, set={'note': 'n'}))
    want = line('w1:2', 'w1:1', 1, set={'level': 'high'})
    yield case('writer office: a device asks', born, want)
    yield case('writer office: the office had not seen the request', born, want, line('o1:1', 'w1:1', set={'level': 'low'}))
    yield case('writer office: the office had seen it', born, want, line('o1:1', 'w1:2', set={'level': 'low'}))
    low, high = line('o1:1', 'w1:1', set={'level': 'low'}), line('o2:1', 'w1:1', set={'level': 'mid'})
    yield case('writer office: a device asks that one stands', born, low, high, line('w1:2', 'w1:1 o1:1 o2:1', 1, keep={'level': [ids(low)]}))
    yield case('writer office: members', born, line('o1:1', 'w1:1', add={'scopes': ['caseload:north']}),
               line('w1:2', 'w1:1 o1:1', 1, add={'scopes': ['caseload:west']}, drop={'scopes': {'caseload:north': 'moved'}}))
    p1, p2 = line('w1:2', 'w1:1', 1, set={'phone': 'a'}), line('w2:1', 'w1:1', set={'phone': 'b'})
    yield case('a keep that names what it had not seen', born, p1, p2, line('o1:1', 'w1:2', keep={'phone': [ids(p2)]}))
    yield case('a keep that names all', born, p1, p2, line('o1:1', 'w1:2 w2:1', keep={'phone': sorted([ids(p1), ids(p2)])}))
    yield case('a gap in the chain', born, line('w1:5', 'w1:3', 3, set={'phone': 'late'}))
    yield case('a held line counts as a link', born, line('o1:1', 'w1:1', hold={replica('w1') + ':2': 'invalid'}), p1,
               line('w1:3', 'w1:2', 2, set={'stage': 'new'}))
    again = replica('w1') + ':2'
    lost = line('w2:1', 'w1:1', carries=p1, was={again: 1})
    other = line('w1:2', 'w1:1', 1, set={'phone': 'other'})
    old = line('w3:1', 'w1:2', set={'phone': 'c'})
    yield case('who saw what stood at a dot before has not seen what stands there now', born, other, lost, old)
    yield case('who saw a dot and the carrier of what it was has seen both', born, other, lost,
               line('w3:1', 'w1:2 w2:1', set={'phone': 'c'}))
    yield case('a carrier of what stands where it was takes nothing from anybody', born, p1, lost, old)
    yield case('a held carrier says what a dot was all the same', born, other, lost, old, line('o1:1', 'w1:1', hold={replica('w2') + ':1': 'revoked'}))
    yield case('who saw one of two carriers of what a dot was has seen both', born, other, lost,
               line('w4:1', 'w1:1', carries=p1, was={again: 1}), line('w3:1', 'w1:2 w4:1', set={'phone': 'c'}))
    yield case('what was lost after a dot leaves what stands before it', born, other, line('w2:1', 'w1:1', carries=line('w1:4', 'w1:1', 1, set={'phone': 'a'}),
               was={replica('w1') + ':4': 1}), line('w3:1', 'w1:2', set={'phone': 'c'}))
    yield case('what was lost before a dot takes it too', born, other, line('w1:5', 'w1:2', 2, set={'phone': 'd'}),
               line('w2:1', 'w1:1', carries=line('w1:4', 'w1:1', 1, set={'phone': 'a'}), was={replica('w1') + ':4': 1}),
               line('w3:1', 'w1:5', set={'phone': 'c'}))
    for seed in range(40):
        yield vector('random history %d' % seed, kinds, fold.history(900000 + seed))


def made():
    rows = [fold.canonical(v) for v in [*designed(), *own()]]
    return '{"vectors":[\n' + ',\n'.join(rows) + '\n]}\n'


def main():
    path = HERE / 'fold.json'
    text = made()
    if '--check' not in sys.argv:
        path.write_text(text, encoding='utf-8')
    elif path.read_text(encoding='utf-8') != text:
        sys.exit('%s is not what %s makes' % (path.name, sys.argv[0]))


if __name__ == '__main__':
    main()
