#!/usr/bin/env python3
"""The fold, written down as obviously as possible (sync-protocol.md section 5, shared/model/fold.h).

Standard library only, and nothing of the C code: it is what the product's fold is compared with, and what a client in
another language may start from.  Everything compares everything: it is slow and means to be.

  reference_fold.py histories SEED COUNT   random histories, one JSON object a line: {"context","definition","lines","open","state"}
  reference_fold.py fold FILE              reads such objects, prints the states
"""
import base64
import hashlib
import json
import random
import sys


STATE_BYTES_MAX = 16 * 1024 * 1024


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def write_id(line):
    return base64.urlsafe_b64encode(hashlib.blake2b(line.encode(), digest_size=32).digest()[:18]).decode()


def state_hash(state):
    return base64.urlsafe_b64encode(hashlib.blake2b(state.encode(), digest_size=32).digest()).decode().rstrip('=')


def dot_of(revision):
    return (revision['replica'], revision['n'])


def parse_dot(text):
    replica, n = text.split(':')
    return (replica, int(n))


def is_office(dot):
    return dot[0][0] == 'o'


# --- writes: one a distinct original line -------------------------------------------------------------------------------

class Write:
    def __init__(self, line):
        self.id, self.original, self.appearances = write_id(line), json.loads(line), []
        self.key = (*dot_of(self.original), self.id)
        self.at = self.original['at']

    def appear(self, revision, seen):
        released = parse_dot(revision['release']) if 'release' in revision else None
        self.appearances.append({
            'dot': dot_of(revision),
            'seen': seen,
            'released': released,
            'counts_as': released or dot_of(revision),
            'keep': revision.get('keep', self.original.get('keep', {})),
        })

    def has_seen(self, other):
        for theirs in other.appearances:
            replica, n = theirs['dot']
            if any(a['seen'].get(replica, 0) >= n for a in self.appearances):
                return True
            if theirs['released']:
                replica, n = theirs['released']
                dots = [a['dot'] for a in other.appearances]
                if any(replica in (a['counts_as'][0], self.original['replica']) and a['seen'].get(replica, 0) >= n
                       and a['counts_as'] not in dots for a in self.appearances):
                    return True
        return False

    def covers(self, other):
        """A later write: it has seen the other, which has not seen it."""
        return self is not other and self.has_seen(other) and not other.has_seen(self)

    def by_device(self):
        return not is_office(dot_of(self.original))

    def value(self, field):
        return self.original['set'][field]

    def rank(self):
        return (self.at, *self.key)


def readable(line):
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def losses(revisions):
    """{(dot, original): (prev, carriers' dots)}: where carriers say that a write stood, and it stands there no more."""
    standing = {(dot_of(r), r.get('carries', line)) for line, r in revisions.items()}
    found = {}
    for r in revisions.values():
        for d, prev in r['was'].items() if 'was' in r and readable(r['carries']) else []:
            place = (parse_dot(d), r['carries'])
            if place not in standing and prev < place[0][1]:
                least, by = found.get(place, (prev, []))
                found[place] = (min(prev, least), by + [dot_of(r)])
    return found


def seen_left(revision, lost):
    """Its `seen`; which line of a place that was lost it means cannot be told, unless it had seen a carrier that says so."""
    seen = revision.get('seen', {})
    left = dict(seen)
    for ((replica, n), _), (prev, carriers) in lost.items():
        if seen.get(replica, 0) >= n and not any(seen.get(r, 0) >= m for r, m in carriers):
            left[replica] = min(left[replica], prev)
    return left


def gather(lines):
    """The writes in effect, by (dot, id)."""
    revisions = {line: json.loads(line) for line in lines}
    held, clocks, writes = set(), {}, {}
    for r in revisions.values():
        if is_office(dot_of(r)):
            held |= {parse_dot(d) for d in r.get('hold', {})}
            for d, ms in r.get('clock', {}).items():
                clocks[parse_dot(d)] = min(ms, clocks.get(parse_dot(d), ms))
    lost = losses(revisions)
    for line, r in revisions.items():
        original = r.get('carries', line)
        if dot_of(r) in held or not readable(original):
            continue
        writes.setdefault(original, Write(original)).appear(r, seen_left(r, lost))
    for w in writes.values():
        for a in w.appearances:
            for d in (a['dot'], a['counts_as']):
                w.at = min(w.at, clocks.get(d, w.at))
    return sorted(writes.values(), key=lambda w: w.key)


# --- what writes say about one field ---------------------------------------------------------------------------------------

class Claim:
    """`write` says that the value of `source` stands: its own, or by keep or seal another's."""
    def __init__(self, write, source, field):
        self.write, self.source, self.value = write, source, source.value(field)
        self.text = canonical(self.value)


def claims_of(writes, field, counts):
    found = []
    for w in writes:
        if not counts(w):
            continue
        if field in w.original.get('set', {}):
            found.append(Claim(w, w, field))
        kept = {i for a in w.appearances for i in a['keep'].get(field, [])}
        for target in writes:
            if target.id in kept and target is not w and field in target.original.get('set', {}) and w.has_seen(target):
                found.append(Claim(w, target, field))
    return found


def live_of(found):
    live = [c for c in found if not any(k.write.covers(c.write) for k in found)]
    return live or found


def best_of(claims):
    return max(claims, key=lambda c: c.source.rank())


def sources(claims):
    """Each source once, in order of its write."""
    return [c for _, c in sorted({c.source.key: c for c in claims}.items())]


def differ(claims):
    return len({c.text for c in claims}) > 1


def agreed(claims):
    """One keep names all."""
    named = {c.source.id for c in claims}
    return any(named == {c.source.id for c in claims if c.write is k.write and c.source is not k.write} for k in claims)


def base_of(found, live):
    """The value in force in what all of `live` had seen, folded as `both`."""
    if not differ(live):
        return best_of(live).value
    writes = [c.write for c in live]
    past = [c for c in found if c.write not in writes and all(w.has_seen(c.write) for w in writes)]
    return base_of(past, live_of(past)) if past else None


def entry(write, value, **more):
    return {'at': write.original['at'], 'author': write.original['author'], 'dot': '%s:%d' % dot_of(write.original),
            'value': value, 'write': write.id, **more}


# --- the rules ------------------------------------------------------------------------------------------------------------

def transitive(pairs):
    closed = {(canonical(a), canonical(b)) for a, b in pairs}
    while True:
        more = {(a, d) for a, b in closed for c, d in closed if b == c} - closed
        if not more:
            return closed
        closed |= more


def fold_values(found, rule, order):
    live = live_of(found)
    state = {'live': [entry(c.source, c.value) for c in sources(live)], 'value': best_of(live).value}
    if not differ(live):
        return state
    base = base_of(found, live)
    if not agreed(live):
        state.update(open=True, base=base)
    if rule == 'both':
        state.update(meanwhile=True, value=base)
    if rule in ('furthest', 'safest'):
        below, tops = transitive(order), []
        for c in sources(live):
            if not any((c.text, d.text) in below for d in live) and c.value not in [t.value for t in tops]:
                tops.append(c)
        if len(tops) == 1:
            state['value'] = tops[0].value
        else:
            state.update(meanwhile=True, value=base, review=[c.value for c in tops])
    return state


def fold_fixed(found, seals, field):
    candidates, covered = [], set()
    for s in seals:
        past = [c for c in found if c.write is s or s.has_seen(c.write)]
        covered |= {c.source.id for c in past if c.write is c.source}
        if past:
            candidates.append(Claim(s, best_of(live_of(past)).source, field))
    fixed = {c.source.id for c in candidates}
    settled = [c for c in found if c.write is not c.source and c.source.id in fixed and any(c.write.has_seen(s) for s in seals)]
    standing = [c for c in candidates if not any(k.write.covers(c.write) for k in settled)] + (live_of(settled) if settled else [])
    after = [c for c in found if c.write is c.source and c.source.id not in covered]
    state = {'sealed': True, 'value': None, 'live': [entry(c.source, c.value) for c in sources(standing)]}
    if after:
        state['after'] = [entry(c.source, c.value) for c in sources(after)]
    if standing:
        state['value'] = min(standing, key=lambda c: (not c.write.original.get('seal', False),
                                                      sum(s is not c.write and c.write.has_seen(s) for s in seals),
                                                      c.source.rank())).value
    if differ(standing) and not agreed(standing):
        state.update(open=True, base=base_of(found, standing))
    return state


def fold_set(writes, field, counts):
    adds = [(w, m) for w in writes if counts(w) for m in sorted(set(w.original.get('add', {}).get(field, [])), key=str.encode)]
    drops = [(w, m, why) for w in writes if counts(w)
             for m, why in sorted(w.original.get('drop', {}).get(field, {}).items(), key=lambda p: p[0].encode())]
    live = [(w, m) for w, m in adds if not any(m == n and d.covers(w) for d, n, _ in drops)]
    state = {'value': sorted({m for _, m in live}, key=str.encode), 'live': [entry(w, m) for w, m in live]}
    if drops:
        state['dropped'] = [entry(w, m, reason=why) for w, m, why in drops]
    return state


def fold_field(writes, field, definition):
    rule = definition.get('rule', 'both')
    office = definition.get('writer') == 'office'
    counts = lambda w: not office or not w.by_device()
    readable = ('add', 'drop') if rule == 'set' else ('set',)
    says = lambda w, members: any(field in w.original.get(m, {}) for m in members)
    keeps = lambda w: any(field in a['keep'] for a in w.appearances)
    closers = [w for w in writes if counts(w) and (says(w, readable) or keeps(w))]
    listed = lambda w: not any(c.covers(w) for c in closers)

    if rule == 'set':
        state = fold_set(writes, field, counts)
    else:
        found = claims_of(writes, field, counts)
        seals = [w for w in writes if w.original.get('seal')]
        if rule == 'fixed' and seals:
            state = fold_fixed(found, seals, field)
        else:
            state = fold_values(found, rule, definition.get('order', [])) if found else {'live': [], 'value': None}

    requests, unreadable = [], []
    for w in writes:
        if not listed(w):
            continue
        for m in ('set', 'add', 'drop'):
            if field not in w.original.get(m, {}):
                continue
            value = w.original[m][field]
            if m not in readable:
                unreadable.append(entry(w, value))
            elif counts(w):
                pass
            elif m == 'set':
                requests.append(entry(w, value))
            elif m == 'add':
                requests += [entry(w, v) for v in set(value)]
            else:
                requests += [entry(w, v, reason=why) for v, why in value.items()]
    if office and rule != 'set':
        requests += [entry(c.write, c.value) for c in claims_of(writes, field, lambda w: not counts(w))
                     if c.write is not c.source and listed(c.write)]
    if requests:
        once = {canonical(e): e for e in requests}.values()
        state['requests'] = sorted(once, key=lambda e: (*parse_dot(e['dot']), e['write'], 'reason' in e, order_of(e['value'], rule)))
    if unreadable:
        state['unreadable'] = unreadable
    shown = any(state.get(m) for m in ('after', 'dropped', 'live', 'requests', 'unreadable'))
    return state if shown else None


def order_of(value, rule):
    """Members of sets by their text, other values by their canonical form."""
    return (value if rule == 'set' else canonical(value)).encode()


# --- the record -----------------------------------------------------------------------------------------------------------

def fold(lines, definitions):
    """Canonical state of one record from its lines and the type definitions, {type: definition}."""
    record = json.loads(lines[0])['record']
    writes = gather(lines)
    creators = [w for w in writes if 'type' in w.original]
    if not creators:
        return canonical({'record': record, 'waiting': True})
    born = creators[0].original
    definition = definitions.get(born['type'])
    state = {'record': record, 'type': born['type'], 'schema': definition.get('version', 1) if definition else 0, 'fields': {}}
    if 'case' in born:
        state['case'] = born['case']
    fields = {f for w in writes for m in ('set', 'add', 'drop') for f in w.original.get(m, {})}
    for field in fields:
        folded = fold_field(writes, field, (definition or {}).get('fields', {}).get(field, {}))
        if folded:
            state['fields'][field] = folded
    if len(canonical(state).encode()) > STATE_BYTES_MAX:
        state.update(fields={}, oversize=True)
    return canonical(state)


def context(lines):
    """What a reader may claim to have seen: per replica the end of its unbroken chain, held lines included."""
    chains = {}
    for line in set(lines):
        r = json.loads(line)
        chains.setdefault(r['replica'], set()).add((r['n'], r.get('prev', 0)))
    out = {}
    for replica, links in chains.items():
        reached = 0
        while True:
            following = [n for n, prev in links if prev == reached and n > reached]
            if not following:
                break
            reached = min(following)
        if reached:
            out[replica] = reached
    return out


def open_count(state):
    return sum('open' in f for f in json.loads(state).get('fields', {}).values())


# --- random histories -------------------------------------------------------------------------------------------------------

RECORD = '0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4'
CASE = '0198f1d2-7c3a-7e4b-9d5e-000000000001'
STAGES = ['new', 'sent', 'lost', 'done', 'given', 'revoked']
CODES = ['new', 'sent', 'lost', 'done', 'given', 'revoked']
DEFINITION = {
    'type': 'sample', 'version': 3, 'home': 'case', 'fields': {
        'phone': {'kind': 'text', 'rule': 'latest'},
        'stage': {'kind': 'code', 'codes': CODES, 'rule': 'furthest', 'order': [['new', 'sent'], ['new', 'lost'], ['sent', 'done']]},
        'consent': {'kind': 'code', 'codes': CODES, 'rule': 'safest', 'order': [['given', 'revoked']]},
        'income': {'kind': 'any', 'rule': 'both'},
        'note': {'kind': 'text', 'rule': 'fixed'},
        'langs': {'kind': 'text', 'rule': 'set'},
        'level': {'kind': 'text', 'rule': 'latest', 'writer': 'office'},
        'scopes': {'kind': 'text', 'rule': 'set', 'writer': 'office'},
        'stamp': {'kind': 'text', 'rule': 'fixed', 'writer': 'office'},
    }}
OTHER = {'type': 'other', 'version': 1, 'fields': {'phone': {'kind': 'text', 'rule': 'both'}}}
FIELDS = ['phone', 'stage', 'consent', 'income', 'income', 'note', 'note', 'level', 'stamp', 'strange']
VALUES = ['new', 'sent', 'lost', 'done', 'given', 'revoked', 'é\n"x"\\', None, 7, ['a', {'b': 1}]]


def replica(kind, index):
    return '%s%s%011d' % (kind, 'A-z_'[index % 4], index)


class History:
    def __init__(self, rnd):
        self.rnd, self.lines, self.logs, self.views = rnd, [], {}, {}
        workers = rnd.randint(1, 4)
        self.replicas = [replica('w', i) for i in range(workers)] + [replica('o', i) for i in range(rnd.randint(1, 2))]
        for r in self.replicas:
            self.logs[r], self.views[r] = rnd.randint(0, 3), []

    def write(self, who, **members):
        view = self.views[who]
        own = [json.loads(x)['n'] for x in view if json.loads(x)['replica'] == who]
        seen = members.pop('seen', None)
        if seen is None:
            seen = context(view)
            if self.rnd.random() < .15:        # a form that was read some time ago
                seen = {r: n for r, n in context(view[:len(view) // 2]).items()}
        self.logs[who] += 1 if self.rnd.random() < .8 else 2
        r = {'replica': who, 'n': self.logs[who], 'record': RECORD, 'at': self.rnd.choice([1, 2, 3, 4, 5, 1700000000000]),
             'author': self.rnd.choice(['dana', 'lee', 'kim']), **members}
        if seen:
            r['seen'] = seen
        if own:
            r['prev'] = max(own)
        line = canonical(r)
        self.lines.append(line)
        view.append(line)
        return line

    def any_dot(self):
        r = json.loads(self.rnd.choice(self.lines))
        return '%s:%d' % dot_of(r)

    def original(self):
        line = self.rnd.choice(self.lines)
        return line, json.loads(line).get('carries', line)

    def carry(self, who, **members):
        line, original = self.original()
        seen = json.loads(line).get('seen', {})
        seen = {r: n for r, n in seen.items() if r != who or n <= self.logs[who]}
        if self.rnd.random() < .2:
            seen = context(self.views[who])
        if members.pop('release', False):
            members['release'] = '%s:%d' % dot_of(json.loads(line))
        elif self.rnd.random() < .4:       # lost where it stood, or somewhere else
            r = json.loads(line)
            members['was'] = {**r.get('was', {}), '%s:%d' % dot_of(r): r.get('prev', 0)}
            if self.rnd.random() < .3:
                members['was'][self.any_dot()] = 0
            if self.rnd.random() < .7 and line in self.lines[1:]:
                self.lines.remove(line)
        self.write(who, carries=original, seen=seen, **members)

    def statement(self, who):
        x = self.rnd.random()
        if x < .4:
            self.write(who, hold={self.any_dot(): 'invalid'})
        elif x < .85:
            self.carry(who, release=True)
        else:
            self.write(who, clock={self.any_dot(): self.rnd.randint(-3, 9)})

    def keep(self, who):
        field = self.rnd.choice(FIELDS)
        wrote = [line for line in self.lines if field in json.loads(line).get('set', {})]
        if not wrote or self.rnd.random() < .1:
            wrote = self.lines
        named = self.rnd.sample(wrote, min(len(wrote), self.rnd.randint(1, 3)))
        self.write(who, keep={field: sorted({write_id(json.loads(x).get('carries', x)) for x in named})})

    def members(self, who):
        field = self.rnd.choice(['langs', 'langs', 'langs', 'scopes', 'phone'])
        if self.rnd.random() < .5:
            self.write(who, add={field: self.rnd.sample(['so', 'fr', 'é'], self.rnd.randint(1, 3))})
        else:
            self.write(who, drop={field: {m: 'left' for m in self.rnd.sample(['so', 'fr', 'é'], self.rnd.randint(1, 2))}})

    def plain(self, who):
        fields = self.rnd.sample(FIELDS, self.rnd.randint(1, 3))
        if self.rnd.random() < .05:
            fields.append('langs')
        more = {'seal': True} if self.rnd.random() < .15 else {}
        self.write(who, set={f: self.rnd.choice(VALUES) for f in fields}, **more)

    def step(self, trouble):
        who, x = self.rnd.choice(self.replicas), self.rnd.random()
        if x < .25:
            news = [line for line in self.lines if line not in self.views[who]]
            self.views[who] += [line for line in news if self.rnd.random() < .85]
        elif x < .25 + .35 * trouble:
            if who[0] == 'o' and self.rnd.random() < .6:
                self.statement(who)
            elif self.rnd.random() < .4:
                self.carry(who)
            else:
                self.keep(who)
        elif x < .7:
            self.members(who) if self.rnd.random() < .3 else self.plain(who)
        else:
            self.plain(who)


def history(seed):
    rnd = random.Random(seed)
    h = History(rnd)
    who = rnd.choice(h.replicas)
    kind = rnd.choice(['sample'] * 8 + ['other', 'nowhere'])
    more = {'case': CASE} if rnd.random() < .8 else {}
    if rnd.random() < .7:
        more['set'] = {'phone': 'a', 'note': 'car'}
    if rnd.random() < .1:
        more['seal'] = True
    born = h.write(who, type=kind, **more)
    if rnd.random() < .8:
        for r in h.replicas:
            h.views[r] = [born]
    trouble = rnd.choice([0, 0, .3, 1])
    for _ in range(rnd.randint(1, 16)):
        h.step(trouble)
    if rnd.random() < .1:
        h.write(rnd.choice(h.replicas), type=rnd.choice(['sample', 'other']))
    if rnd.random() < .1 and len(h.lines) > 1:        # one never arrives
        h.lines.remove(rnd.choice(h.lines[1:]))
    return h.lines


def told(lines, definitions=(DEFINITION, OTHER)):
    state = fold(lines, {d['type']: d for d in definitions})
    return {'definitions': list(definitions), 'lines': lines, 'state': state, 'context': context(lines), 'open': open_count(state)}


def main():
    if len(sys.argv) == 4 and sys.argv[1] == 'histories':
        for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
            print(canonical(told(history(seed))))
    elif len(sys.argv) == 3 and sys.argv[1] == 'fold':
        for text in open(sys.argv[2], encoding='utf-8'):
            case = json.loads(text)
            print(fold(case['lines'], {d['type']: d for d in case['definitions']}))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
