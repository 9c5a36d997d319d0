/* The exchange between vaults and the office, for spin.
 *
 * What sync-protocol.md sections 7 and 9 to 13 say of pushing, receipts,
 * tokens, feeds, reconciling, forks, rollback and succession, between two
 * devices (A and B), a copy of A that is made at any moment, and an office that
 * writes too and may be put back to a backup; A may be lost for good.  Every
 * order of events within the bounds is tried.  The first four properties are
 * the product's invariants 1, 4, 5 and 6:
 *
 *   Kept         every write reaches the office, once everybody is at rest;
 *                and what anybody held when the office was put back is there
 *   Convergent   at rest, office and vaults have the same lines in force
 *   Honest       a line counts as received only when the office has it
 *   Unblockable  the bad line is taken like any other, and what follows it too;
 *                no exchange is refused for good, none goes round in circles
 *   OneDot       no dot has two contents in force
 *   Once         one write stays one write, under however many dots
 *   Found        of two copies that were served, one has another identity
 *   Exact        sums differ only after a copy or a rollback
 *   Guiltless    so are forks found
 *
 * A vault is busy while its next exchange would change something, which it is
 * as long as it differs from the office; when none is, what must hold at rest is
 * looked at.  So that nobody stays busy for ever, a circle is an error: nothing
 * here is marked as progress, and writes and faults are bounded, so that every
 * cycle is one of exchanges that come to nothing.
 *
 * What is left out: cases and scopes (one case, granted to all), contents and
 * contexts of lines, signatures and sealing (nobody forges), locked vaults.
 *
 * Exchanges are atomic.  A vault waits for its reply and only writes or is
 * copied meanwhile, which is the same as before it asked; a reply that is taken
 * late is the same as one that is taken at once, as nothing else reads the
 * vault.  What differs is modelled: a request that is cut or lost, a reply of
 * which only the first durable steps are applied, and a request that reaches
 * the office long after its sender gave it up, or once more. */

/* --- bounds -------------------------------------------------------------- */

#ifndef WRITES_A
#define WRITES_A 1 /* what A writes at most, and so on */
#endif
#ifndef WRITES_B
#define WRITES_B 1
#endif
#ifndef HAS_B
#define HAS_B 1 /* 0: there is no B */
#endif
#ifndef WRITES_COPY
#define WRITES_COPY 0
#endif
#ifndef WRITES_OFFICE
#define WRITES_OFFICE 0
#endif
#ifndef COPIES
#define COPIES 0 /* 1: A is copied once */
#endif
#ifndef RESTORES
#define RESTORES 0 /* 1: one backup, one restore to it */
#endif
#ifndef AT_ONCE
#define AT_ONCE 0 /* 1: the copy and the backup are made at the beginning */
#endif
#ifndef LOSSES
#define LOSSES 0 /* 1: A may be gone for good */
#endif
#ifndef FAULTS
#define FAULTS 0 /* requests and replies that are lost or cut */
#endif
#ifndef STRAYS
#define STRAYS 0 /* requests that arrive late, or once more */
#endif

/* --- lines --------------------------------------------------------------- */

#define A 0
#define B 1
#define COPY 2
#define OFFICE 3

/* Whoever writes a line takes the next of its own slots, so that a set of lines
 * is a set of bits, and equal lines are equal bits. */
#ifndef LIVES
#define LIVES 3 /* how often one write may stand in the logs of one vault */
#endif
#define SLOTS_A (LIVES * WRITES_A + 1)
#define SLOTS_B (LIVES * WRITES_B + 1)
#define SLOTS_COPY (LIVES * COPIES * (WRITES_A + WRITES_COPY))
#define SLOTS_OFFICE (WRITES_OFFICE + COPIES * RESTORES * (WRITES_A + WRITES_COPY))
#define SLOTS (SLOTS_A + SLOTS_B + SLOTS_COPY + SLOTS_OFFICE)
#define NOBODY 255

byte rep[SLOTS];  /* the replica whose log it stands in */
byte n_of[SLOTS]; /* its place there */
byte orig[SLOTS]; /* the slot of the line that it carries, or its own */
int anew;       /* a mutant's: carried as writes of their own */

byte slots_used[4];
byte slot_end[4];

#define bit(s) (1 << (s))
#define has(set, s) (((set) >> (s)) & 1)

/* --- vaults -------------------------------------------------------------- */

#ifndef IDENTITIES
#define IDENTITIES 4 /* of one vault */
#endif
#define REPLICAS (3 * IDENTITIES) /* of vaults; then the terms */
#define TERM REPLICAS

/* Reasons for a new identity. */
#define FORK 1
#define STALE 2
#define LINEAGE 3
#define UNKNOWN 4

bool alive[3];
byte id[3];      /* the identity it writes under */
byte pend[3];    /* the fresh key that it has made, or NOBODY */
byte why[3];     /* what for */
byte ids_used[3];
int own[3];    /* its identities, past and present */
int mine[3];   /* lines of its own logs */
int force[3];  /* lines that stand in its records */
int got[3];    /* own lines that count as received */
int give[3];   /* lines of closed logs that are to be contributed */
int carried[3];
byte token[3];
byte lineage[3];
byte cursor[3];
bool exact[3]; /* the cursor line had `end`, and no receipt came since */

/* A session's own memory, lost with it. */
byte want[3]; /* it is to enrol anew, and why */
bool due[3];  /* it is to reconcile */
bool fix[3];  /* it has been told of differences */

byte writes[4];

/* --- the office ---------------------------------------------------------- */

byte feed[SLOTS]; /* lines in the order of their arrival */
byte feed_end;
int stored;   /* the same as a set */
int unfed;    /* lines that their writer's feed leaves out */
int known;    /* replicas */
int closed;
byte head[REPLICAS]; /* the unbroken log reaches up to here */
byte latest[REPLICAS];
byte confirmed[REPLICAS];
byte lineage_now;
byte lineages;
byte term;

bool saved; /* there is a backup */
byte saved_end;
int saved_known, saved_closed;
byte saved_latest[REPLICAS];
byte saved_confirmed[REPLICAS];
bool restored, copied;
int owed; /* originals that somebody held when the office was put back */

/* A request on its way long after its vault gave it up. */
bool stray;
byte stray_vault, stray_id, stray_base, stray_head, stray_token, stray_lineage;

byte faults, strays;
byte busy; /* vaults whose next exchange would change something */

/* Properties, and how a broken one is called. */
mtype = { Kept, Honest, Unblockable, OneDot, Once, Found, Exact, Guiltless };
inline must(property, fact) {
	if
	:: fact
	:: else ->
		printf("not %e\n", property);
		assert(false)
	fi
}

/* --- small things -------------------------------------------------------- */

hidden byte i, j, k, n, x, r;
hidden int lines;  /* what log_of() found */
hidden byte top;     /* and the greatest n in it */
hidden byte found;
hidden int log, office_log, before, here;
hidden byte base, up_to, asked, verdict, head_before;
hidden byte same, stale, behind, differs, waits, told, broke, agreed;

/* lines, top: what `set` has of the log of `who`. */
inline log_of(set, who) {
	lines = 0; top = 0; i = 0;
	do
	:: i < SLOTS ->
		if
		:: has(set, i) && rep[i] == who ->
			lines = lines | bit(i);
			if
			:: n_of[i] > top -> top = n_of[i]
			:: else
			fi
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* here: the lines of `set` up to n = `most`. */
inline up_to_n(set, most) {
	here = 0; i = 0;
	do
	:: i < SLOTS ->
		if
		:: has(set, i) && n_of[i] <= most -> here = here | bit(i)
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* found: the line of `set` at a dot, or NOBODY. */
inline at_dot(set, who, place) {
	found = NOBODY; i = 0;
	do
	:: i < SLOTS ->
		if
		:: has(set, i) && rep[i] == who && n_of[i] == place ->
			found = i;
			break
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* found: a line of `set` with the write of line s, or NOBODY. */
inline write_at(set, s) {
	found = NOBODY; i = 0;
	do
	:: i < SLOTS ->
		if
		:: i != s && has(set, i) && orig[i] == orig[s] ->
			found = i;
			break
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* --- a vault's writing --------------------------------------------------- */

/* One more line in the present log of v; `what` is the original that it
 * carries, or NOBODY. */
inline append(v, what) {
	log_of(mine[v], id[v]);
	assert(slots_used[v] < slot_end[v]); /* the bound is wide enough */
	x = slots_used[v];
	slots_used[v]++;
	rep[x] = id[v];
	n_of[x] = top + 1;
	orig[x] = (what == NOBODY -> x : what);
	mine[v] = mine[v] | bit(x);
	force[v] = force[v] | bit(x)
}

/* Writes lines of the closed log `who`, from `first` on, once more. */
inline carry(v, who, first) {
	n = first;
	do
	:: at_dot(mine[v], who, n);
		if
		:: found == NOBODY -> break
		:: else ->
			k = found;
			if
			:: !has(carried[v], k) ->
#ifdef CARRY_FORGOTTEN
				skip
#else
				append(v, orig[k]);
				force[v] = force[v] & ~bit(k);
				carried[v] = carried[v] | bit(k)
#endif
#ifdef CARRIED_ANEW
				; anew = anew | bit(x)
#endif
			:: else
			fi;
			n++
		fi
	od
}

/* The vault goes on only under a fresh key; it makes one, durably, unless it
 * has one for the same reason. */
inline succeed(v, reason) {
	want[v] = reason;
	if
	:: pend[v] != NOBODY && why[v] == reason
	:: else ->
		assert(ids_used[v] < IDENTITIES); /* nobody succeeds for ever */
		pend[v] = v * IDENTITIES + ids_used[v];
		why[v] = reason;
		ids_used[v]++
	fi
}

/* --- a vault's reading --------------------------------------------------- */

/* Line s has its dot.  Another one there yields when it was written here, as it
 * is carried; else it stays until the office is known to have its write. */
inline prevail(v, s) {
	i = 0;
	do
	:: i < SLOTS ->
		if
		:: i != s && has(force[v] & mine[v], i) && rep[i] == rep[s] &&
		   n_of[i] == n_of[s] -> force[v] = force[v] & ~bit(i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	force[v] = force[v] | bit(s)
}

/* The office sends line s.  broke: it is one of the present log, and not what
 * was written here. */
inline take(v, s) {
	if
	:: !has(own[v], rep[s]) || has(mine[v], s) -> prevail(v, s)
	:: else ->
		if
		:: rep[s] == id[v] -> broke = true
		:: else ->
			at_dot(mine[v], rep[s], n_of[s]);
			if
			:: found != NOBODY && has(got[v], found) ->
				/* Its receipts are not common from here on. */
				log_of(mine[v], rep[s]);
				give[v] = give[v] & ~lines;
				up_to_n(lines, n_of[s] - 1);
				got[v] = (got[v] & ~lines) | here;
				carry(v, rep[s], n_of[s])
			:: else
			fi;
			prevail(v, s)
		fi
	fi
}

/* --- the office's storing ------------------------------------------------ */

inline store(s) {
	feed[feed_end] = s;
	feed_end++;
	stored = stored | bit(s)
}

/* A line in the log of the present term. */
inline office_append(what) {
	x = slots_used[OFFICE];
	assert(x < SLOTS);
	slots_used[OFFICE]++;
	log_of(stored, term);
	rep[x] = term;
	n_of[x] = top + 1;
	orig[x] = (what == NOBODY -> x : what);
	store(x)
}

/* Healed lines whose turn in the unbroken log has come. */
inline catch_up(who) {
	do
	:: at_dot(stored, who, head[who] + 1);
		if
		:: found == NOBODY -> break
		:: else -> head[who]++
		fi
	od
}

/* Lines `set` of the log of `who`, from n = first to last, none of which
 * contradicts what is stored. */
inline ingest(who, set, first, last, left_out) {
	n = first;
	do
	:: n <= last ->
		if
		:: n <= head[who]
		:: else ->
			at_dot(stored, who, n);
			if
			:: found == NOBODY ->
				at_dot(set, who, n);
				store(found);
				if
				:: left_out -> unfed = unfed | bit(found)
				:: else
				fi
			:: else
			fi;
			head[who] = n
		fi;
		n++
	:: else -> break
	od;
	catch_up(who)
}

inline new_lineage() {
	lineages++;
	lineage_now = lineages
}

/* A token that nobody has any more counts as never given. */
inline token_fresh(v, who, given) {
	given = 1;
	do
	:: given == latest[who] || given == confirmed[who] ||
	   (saved && (given == saved_latest[who] ||
	              given == saved_confirmed[who])) ||
	   (id[A] == who && given == token[A]) ||
	   (id[B] == who && given == token[B]) ||
	   (id[COPY] == who && given == token[COPY]) ||
	   (stray && stray_id == who && given == stray_token) -> given++
	:: else -> break
	od
}

/* --- judging ------------------------------------------------------------- */

#define SERVE 0

/* What the office says to a request of `who` before it looks at the body; log:
 * the sender's. */
inline judge(who, base_n, head_n, its_lineage, pushes) {
	verdict = SERVE;
	behind = false;
	if
	:: !has(known, who) ->
		verdict = (its_lineage != lineage_now -> LINEAGE : UNKNOWN)
	:: else ->
		if
		:: has(closed, who) -> verdict = FORK
		:: else ->
			if
			:: its_lineage != lineage_now -> verdict = LINEAGE
			:: else ->
				log_of(stored, who);
				office_log = lines;
				if
				:: base_n > head[who] ->
					new_lineage();
					verdict = LINEAGE
				:: else ->
					up_to_n(office_log, base_n);
					before = here;
					up_to_n(office_log, head_n);
					differs = pushes && (here & ~log);
					up_to_n(log, base_n);
#ifdef BEHIND_IS_FORK
					differs = differs || head_n < top;
#endif
#ifndef NO_FORK_CHECK
					behind = head_n < top;
					if
					:: before != here || differs ->
						must(Guiltless, copied || restored);
						verdict = FORK;
						closed = closed | bit(who);
						latest[who] = 0;
						confirmed[who] = 0
					:: else
					fi
#endif
				fi
			fi
		fi
	fi
}

/* base, asked, log: what the present log of v would send. */
inline ask(v) {
	log_of(mine[v] & got[v], id[v]);
	base = top;
	log_of(mine[v], id[v]);
	log = lines;
	asked = top
}

/* here: the lines that count in the sum of v. */
inline counted(v) {
	log_of(mine[v] & ~got[v], id[v]);
	here = force[v] & ~lines
}

inline compare_sums(v) {
	differs = false;
	if
	:: exact[v] ->
		counted(v);
		before = 0; i = 0;
		do
		:: i < cursor[v] && i < feed_end ->
			before = before | bit(feed[i]);
			i++
		:: else -> break
		od;
		differs = cursor[v] > feed_end || before != here
	:: else
	fi
}

/* --- exchanges ----------------------------------------------------------- */

#define SYNC 1       /* the log past the last receipt; then the feed */
#define RECONCILE 2  /* sums of what is held, until they are equal */
#define CONTRIBUTE 3 /* lines of closed logs, as they were */
#define MEND 4       /* others' lines; then what the vault lacks */
#define ENROL 5      /* a fresh key */

#ifdef CURSOR_EARLY
#define CURSOR_FIRST 1 /* power goes between a cursor and its page */
#else
#define CURSOR_FIRST 98
#endif

/* How an exchange ends: `steps` is how many durable steps of the reply the
 * vault gets to; ALL: it is heard to the end. */
#define ALL 99

#define NOT_COME 11 /* the request never came whole */
#define CUT 12      /* nor this one, but for its first line */
#define CRASH 13    /* a mutant's */

byte fault; /* chosen, and 0 between exchanges */
bool noticed;
hidden byte steps, cut_at, crash, kind, page;

/* One durable step of a reply. */
#define may_step (steps > 0)
inline step() {
	if
	:: steps != ALL -> steps--
	:: else
	fi
}

inline session_ends(v) {
	want[v] = 0;
	due[v] = false;
	fix[v] = false
}

/* The header of a reply: receipt first, then the token. */
inline take_header(v) {
#ifdef RECEIPT_EARLY
	if
	:: crash -> got[v] = got[v] | log
	:: else
	fi;
#endif
	if
	:: may_step && head[id[v]] > base ->
		log_of(stored, id[v]);
		up_to_n(lines, head[id[v]]);
		before = here;
		up_to_n(log, head[id[v]]);
		if
#ifdef NO_FORK_CHECK
		:: false
#else
		:: before != here -> broke = true
#endif
		:: else ->
			got[v] = got[v] | here;
			exact[v] = false;
			step()
		fi
	:: else
	fi;
	if
	:: may_step && !broke && !stale && told ->
		token[v] = latest[id[v]];
		step()
	:: else
	fi
}

/* A new token whenever the reply carries something. */
inline give_token(v, who, its_token) {
	told = false;
	if
	:: !stale ->
		if
		:: waits || head[who] > head_before || its_token == 0 ||
		   its_token != latest[who] ->
			token_fresh(v, who, x);
			latest[who] = x;
			told = true
		:: else
		fi;
		confirmed[who] = its_token
	:: else
	fi
}

/* Pages of one line each.  A sync's have cursors and leave out what the vault
 * has written itself; a mend's bring whatever it has not in force. */
inline take_feed(v) {
	k = (kind == SYNC -> cursor[v] : 0);
	do
	:: k < feed_end && may_step && !broke ->
		j = feed[k];
		page = k;
		told = (kind == SYNC -> rep[j] != id[v] || !has(unfed, j)
		                     : !has(force[v], j));
		if
		:: told && (steps != CURSOR_FIRST || kind != SYNC) -> take(v, j)
		:: else
		fi;
		if
		:: kind == SYNC && !broke ->
			cursor[v] = page + 1;
			exact[v] = cursor[v] == feed_end
		:: else
		fi;
		if
		:: told -> step()
		:: else
		fi;
		k = page + 1
	:: else -> break
	od;
	if
	:: kind == SYNC && cursor[v] >= feed_end && may_step && !broke ->
		exact[v] = true
	:: else
	fi
}

#ifdef NO_TOKEN_CHECK
#define bad_token(who, its) behind
#define token_news(v) false
#else
#define token_news(v) (token[v] != latest[id[v]] || token[v] != confirmed[id[v]])
#define bad_token(who, its)                                                    \
	(behind || ((its) != latest[who] && (its) != confirmed[who]))
#endif

inline push() {
	up_to = (cut_at < asked - base -> base + cut_at : asked);
#ifdef REFUSE_BAD
	if
	:: has(log, SLOTS_A) && n_of[SLOTS_A] > head[r] &&
	   n_of[SLOTS_A] <= up_to -> up_to = n_of[SLOTS_A] - 1
	:: else
	fi;
#endif
#ifdef RECEIPT_EARLY
	if
	:: crash -> up_to = base
	:: else
	fi;
#endif
	ingest(r, log, base + 1, up_to, true)
}

/* The closed log k from its first line that is to be contributed to the last;
 * nothing of it is stored where the office's went another way. */
inline contribute_one() {
	x = 1;
	do
	:: at_dot(office_log, k, x);
		if
		:: found == NOBODY -> x++
		:: else -> break
		fi
	od;
	if
	:: !has(known, k) ->
		known = known | bit(k);
		closed = closed | bit(k);
		head[k] = 0
	:: else
	fi;
	must(Unblockable, x - 1 <= head[k]); /* no gap */
	log_of(stored & ~before, k);
	up_to_n(lines, x - 1);
	must(Unblockable, !here); /* the signature verifies */
	up_to_n(lines, up_to);
	if
	:: !here -> ingest(k, before, x, up_to, false)
	:: else
	fi
}

inline contribute(v) {
	k = 0;
	do
	:: k < REPLICAS ->
		log_of(mine[v], k);
		before = lines;
		log_of(give[v], k);
		office_log = lines;
		up_to = top;
		if
		:: office_log -> contribute_one()
		:: else
		fi;
		k++
	:: else -> break
	od
}

/* The office's word is taken for it. */
inline contributed(v) {
	k = 0;
	do
	:: k < REPLICAS ->
		log_of(mine[v], k);
		before = lines;
		log_of(give[v], k);
		up_to_n(before, top);
		if
		:: lines ->
			got[v] = got[v] | here;
			give[v] = give[v] & ~lines
		:: else
		fi;
		k++
	:: else -> break
	od
}

/* A difference: what the office lacks of closed logs is contributed first.  A
 * line of them stands when it has a receipt, or when the office has sent it
 * back, and so had it once.  Of others' lines that it lacks, those whose write
 * it has under another dot give way. */
#ifdef RECEIPTED_ONLY
#define was_there(v, s) has(got[v], s)
#else
#define was_there(v, s) true
#endif

inline take_difference(v) {
	j = 0;
	do
	:: j < SLOTS ->
		if
		:: has(force[v] & mine[v] & ~stored, j) && rep[j] != id[v] &&
		   was_there(v, j) ->
			log_of(mine[v] & (got[v] | bit(j)), rep[j]);
			up_to = top;
			log_of(mine[v], rep[j]);
			log = lines;
			up_to_n(log, n_of[j] - 1);
			lines = log & ~here;
			up_to_n(lines, up_to);
			give[v] = give[v] | here
		:: else
		fi;
		if
		:: has(force[v] & ~mine[v] & ~stored, j) ->
			write_at(stored & force[v], j);
			if
			:: found != NOBODY -> force[v] = force[v] & ~bit(j)
			:: else
			fi
		:: else
		fi;
		j++
	:: else -> break
	od;
	fix[v] = true
}

/* The office carries line j in its own log, unless its write is there. */
inline office_carries(s) {
	write_at(stored, s);
	if
	:: found == NOBODY ->
		office_append(orig[s])
	:: else
	fi
}

/* n: the first place of the log of s whose line the office has carried; 0: it
 * has carried none. */
inline lost_first(s) {
	n = 0; i = 0;
	do
	:: i < SLOTS ->
		if
		:: has(stored, i) && rep[i] >= TERM && orig[i] != i &&
		   rep[orig[i]] == rep[s] && (n == 0 || n_of[orig[i]] < n) ->
			n = n_of[orig[i]]
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* A line that the office had once.  When its dot is another's now, the office
 * carries it; so it does with a later one of that log, which has seen it. */
inline heal(v) {
	j = 0;
	do
	:: j < SLOTS ->
		if
		:: has(force[v] & ~mine[v] & ~stored, j) ->
			at_dot(stored, rep[j], n_of[j]);
			told = found != NOBODY;
			lost_first(j);
			if
			:: told || (n && n_of[j] > n) ->
#ifndef DROP_COLLISION
				office_carries(j)
#else
				skip
#endif
			:: else ->
				store(j);
				if
				:: has(known, rep[j]) -> catch_up(rep[j])
				:: else
				fi
			fi
		:: else
		fi;
		j++
	:: else -> break
	od
}

inline office_part(v) {
	r = id[v];
	ask(v);
	judge(r, base, asked, lineage[v], kind == SYNC);
	broke = false;
	if
	:: verdict == SERVE ->
		stale = bad_token(r, token[v]);
		waits = kind != SYNC || !exact[v] || cursor[v] != feed_end;
		head_before = head[r];
		differs = false;
		if
		:: kind == SYNC ->
			compare_sums(v);
			must(Exact, !differs || restored || copied);
			push()
		:: kind == RECONCILE ->
			counted(v);
			same = here == stored
		:: kind == CONTRIBUTE -> contribute(v)
		:: kind == MEND -> heal(v)
		fi;
		if
		:: cut_at == ALL -> give_token(v, r, token[v])
		:: else
		fi
	:: else
	fi
}

inline vault_part(v) {
	if
	:: verdict != SERVE ->
		if
		:: may_step -> succeed(v, verdict)
		:: else
		fi
	:: else ->
		take_header(v);
		if
		:: stale || broke
		:: !stale && !broke && (kind == SYNC || kind == MEND) ->
			take_feed(v);
			if
			:: steps == ALL -> due[v] = differs || kind == MEND
			:: else
			fi
		:: !stale && !broke && kind == RECONCILE && may_step ->
			due[v] = !same;
			if
			:: same ->
				cursor[v] = feed_end;
				exact[v] = true
			:: else -> take_difference(v)
			fi
		:: !stale && !broke && kind == CONTRIBUTE && steps == ALL ->
			contributed(v)
		:: else
		fi;
		if
		:: broke -> succeed(v, FORK)
		:: !broke && stale && steps == ALL -> succeed(v, STALE)
		:: else
		fi
	fi
}

/* A fresh key takes over. */
inline enrol(v) {
	r = id[v];
	x = pend[v];
	if
	:: !has(known, r) ->
		known = known | bit(r);
		head[r] = 0;
		/* Its certificate is older than the present lineage, unless
		 * nobody has noticed the rollback yet. */
		if
		:: lineage_now == 0 -> new_lineage()
		:: else
		fi
	:: else
	fi;
	up_to = head[r]; /* what the office has of the old log */
	log_of(stored, r);
	up_to_n(lines, up_to);
	office_log = here;
	if
	:: !has(known, x) ->
		known = known | bit(x);
		closed = closed | bit(r);
		head[x] = 0;
		latest[x] = 0;
		confirmed[x] = 0;
		latest[r] = 0;
		confirmed[r] = 0
	:: else
	fi;
	if
	:: may_step ->
		want[v] = 0;
		log_of(mine[v] & got[v], r);
		base = top;
		log_of(mine[v], r);
		log = lines;
		up_to_n(log, up_to);
		same = up_to <= top && here == office_log;
		id[v] = x;
		own[v] = own[v] | bit(x);
		pend[v] = NOBODY;
		why[v] = 0;
		cursor[v] = 0;
		exact[v] = false;
		token[v] = 0;
		lineage[v] = lineage_now;
		due[v] = true;
		if
		:: same ->
			up_to_n(log, up_to);
			give[v] = give[v] | (log & got[v] & ~here)
		:: !same && up_to <= base ->
			/* No receipt is known to be common. */
			got[v] = got[v] & ~log;
			base = 0
		:: else
		fi;
		carry(v, r, base + 1)
	:: else
	fi
}

/* --- at rest ------------------------------------------------------------- */

/* Notes whether the next exchange of v would change anything. */
inline look_at(v) {
	if
	:: alive[v] ->
		log_of(mine[v], id[v]);
		before = lines;
		log_of(stored, id[v]);
		if
		:: want[v] || due[v] || fix[v] || give[v] ||
		   !has(known, id[v]) || has(closed, id[v]) ||
		   lineage[v] != lineage_now || token[v] == 0 || token_news(v) ||
		   (before & ~got[v]) || before != lines || !exact[v] ||
		   cursor[v] != feed_end || force[v] != stored ->
			busy = busy | bit(v)
		:: else
		fi
	:: else
	fi
}

/* Honest: where no office was put back, every line that counts as received is
 * there; after a rollback that is known, those of the present log. */
inline honest(v) {
	if
	:: !restored -> must(Honest, !(got[v] & ~stored))
	:: restored && lineage[v] == lineage_now && lineage_now != 0 ->
		log_of(mine[v] & got[v], id[v]);
		must(Honest, !(lines & ~stored))
	:: else
	fi
}

inline at_rest() {
	here = mine[A] | mine[B] | mine[COPY];
	j = 0;
	do
	:: j < SLOTS ->
		n = 0; i = 0;
		do
		:: i < SLOTS ->
			if
			:: has(stored, i) && orig[i] == orig[j] ->
				n++;
				must(Once, i == j || !has(stored, j) || !has(anew, i))
			:: else
			fi;
			must(OneDot, i == j || !has(stored, i) || !has(stored, j) ||
			             rep[i] != rep[j] || n_of[i] != n_of[j]);
			i++
		:: else -> break
		od;
		must(Kept, n || !has(owed | here, j));
		j++
	:: else -> break
	od;
	must(Found, !alive[A] || !alive[COPY] || id[A] != id[COPY] || token[A] == token[COPY])
}

inline look() {
	busy = 0;
	r = A;
	do
	:: r <= COPY ->
		look_at(r);
		honest(r);
		r++
	:: else -> break
	od;
	if
	:: busy == 0 -> at_rest()
	:: else
	fi
}

/* --- who acts ------------------------------------------------------------ */

/* How the next exchange goes: whole, or one of the faults. */
inline fate() {
	if
	:: fault = ALL
	:: faults < FAULTS -> faults++;
		if
		:: fault = 0 /* the reply is lost */
		:: fault = 1 /* or heard so far */
		:: fault = 2
		:: fault = 3
		:: fault = NOT_COME
		:: fault = CUT
#ifdef RECEIPT_EARLY
		:: fault = CRASH
#endif
		fi
	fi
}

inline decide() {
	steps = (fault == ALL || fault == CRASH -> ALL : 0);
	steps = (fault <= 3 -> fault : steps);
	cut_at = ALL;
	cut_at = (fault == NOT_COME -> 0 : cut_at);
	cut_at = (fault == CUT -> 1 : cut_at);
	crash = fault == CRASH
}

proctype vault(byte v)
{
end:	do
	:: atomic { alive[v] && writes[v] > 0 ->
		d_step {
			writes[v]--;
			append(v, NOBODY);
			printf("vault %d writes %d:%d\n", v, rep[x], n_of[x]);
			look()
		}
	}
	:: atomic { has(busy, v) ->
		fate();
		d_step {
			decide();
			counted(v);
			kind = (due[v] || (cursor[v] == 0 && here) -> RECONCILE : SYNC);
			kind = (fix[v] -> MEND : kind);
			kind = (give[v] -> CONTRIBUTE : kind);
			kind = (want[v] -> ENROL : kind);
			fix[v] = false;
			printf("vault %d as %d: kind %d, fault %d\n", v, id[v], kind,
			       fault);
			if
			:: kind == ENROL
			:: else -> office_part(v)
			fi
		};
		d_step {
			if
			:: kind == ENROL -> enrol(v)
			:: else -> vault_part(v)
			fi;
			printf("  said %d, id %d, token %d, force %x, got %x, office %x\n",
			       verdict, id[v], token[v], force[v], got[v], stored);
			if
			:: steps != ALL -> session_ends(v)
			:: else
			fi
		};
		d_step {
			fault = 0;
			look()
		}
	}
	od
}

inline copy_a() {
	copied = true;
	printf("A is copied\n");
	alive[COPY] = true;
	id[COPY] = id[A];
	pend[COPY] = pend[A];
	why[COPY] = why[A];
	own[COPY] = own[A];
	mine[COPY] = mine[A];
	force[COPY] = force[A];
	got[COPY] = got[A];
	give[COPY] = give[A];
	carried[COPY] = carried[A];
	token[COPY] = token[A];
	lineage[COPY] = lineage[A];
	cursor[COPY] = cursor[A];
	exact[COPY] = exact[A]
}

inline back_up() {
	saved = true;
	printf("backup\n");
	saved_end = feed_end;
	saved_known = known;
	saved_closed = closed;
	i = 0;
	do
	:: i < REPLICAS ->
		saved_latest[i] = latest[i];
		saved_confirmed[i] = confirmed[i];
		i++
	:: else -> break
	od
}

proctype world()
{
end:	do
	:: atomic { COPIES && !copied && alive[A] ->
		d_step {
			copy_a();
			look()
		}
	}
	:: atomic { writes[OFFICE] > 0 ->
		d_step {
			writes[OFFICE]--;
			office_append(NOBODY);
			printf("office writes %d:%d\n", term, n_of[x]);
			look()
		}
	}
	:: atomic { RESTORES && !restored && !saved ->
		d_step {
			back_up();
			i = 0
		}
	}
	:: atomic { saved ->
		if /* the one who restores says so, or nobody notices */
		:: noticed = true
		:: noticed = false
		fi;
		d_step {
			restored = true;
			printf("restore, noticed %d\n", noticed);
			j = 0; owed = 0;
			do
			:: j < SLOTS ->
				if
				:: has(force[A] | force[B] | force[COPY], j) ->
					owed = owed | bit(orig[j])
				:: else
				fi;
				j++
			:: else -> break
			od;
			do
			:: feed_end > saved_end ->
				feed_end--;
				stored = stored & ~bit(feed[feed_end]);
				feed[feed_end] = 0
			:: else -> break
			od;
			unfed = unfed & stored;
			known = saved_known;
			closed = saved_closed;
			k = 0;
			do
			:: k < REPLICAS ->
				latest[k] = saved_latest[k];
				confirmed[k] = saved_confirmed[k];
				saved_latest[k] = 0;
				saved_confirmed[k] = 0;
				head[k] = 0;
				if
				:: has(known, k) -> catch_up(k)
				:: else
				fi;
				k++
			:: else -> break
			od;
			saved = false;
			saved_end = 0;
			saved_known = 0;
			saved_closed = 0;
#ifndef TERM_REUSED
			term = TERM + 1;
#endif
			if
			:: noticed -> new_lineage()
			:: else
			fi;
			noticed = false;
			look()
		}
	}
	:: atomic { LOSSES && alive[A] ->
		d_step {
			printf("A is lost\n");
			alive[A] = false;
			lines = stored | force[B] | force[COPY];
			j = 0;
			do
			:: j < SLOTS ->
				write_at(lines, j);
				if
				:: found == NOBODY && !has(lines, j) ->
					owed = owed & ~bit(j)
				:: else
				fi;
				j++
			:: else -> break
			od;
			want[A] = 0;
			mine[A] = 0;
			force[A] = 0;
			got[A] = 0;
			give[A] = 0;
			carried[A] = 0;
			due[A] = false;
			fix[A] = false;
			writes[A] = 0;
			id[A] = NOBODY;
			pend[A] = NOBODY;
			look()
		}
	}
	/* Somebody's sync reaches the office later, or once more. */
	:: atomic { strays < STRAYS && !stray && busy && !LOSSES ->
		if
		:: has(busy, A) -> stray_vault = A
		:: has(busy, B) -> stray_vault = B
		:: has(busy, COPY) -> stray_vault = COPY
		fi;
		d_step {
			strays++;
			printf("a request of vault %d strays\n", stray_vault);
			stray = true;
			ask(stray_vault);
			stray_id = id[stray_vault];
			stray_base = base;
			stray_head = asked;
			stray_token = token[stray_vault];
			stray_lineage = lineage[stray_vault]
		}
	}
	:: atomic { stray ->
		d_step {
			r = stray_id;
			log_of(mine[stray_vault], r);
			up_to_n(lines, stray_head);
			log = here;
			judge(r, stray_base, stray_head, stray_lineage, true);
			if
			:: verdict == SERVE ->
				stale = bad_token(r, stray_token);
				waits = true;
				head_before = head[r];
				ingest(r, log, stray_base + 1, stray_head, true);
				give_token(stray_vault, r, stray_token)
			:: else
			fi;
			printf("the stray request of %d arrives: %d\n", r, verdict);
			stray = false;
			stray_vault = 0;
			stray_id = 0;
			stray_base = 0;
			stray_head = 0;
			stray_token = 0;
			stray_lineage = 0;
			look()
		}
	}
	od
}

init
{
	d_step {
		slots_used[A] = 0;
		slot_end[A] = SLOTS_A;
		slots_used[B] = SLOTS_A;
		slot_end[B] = SLOTS_A + SLOTS_B;
		slots_used[COPY] = SLOTS_A + SLOTS_B;
		slot_end[COPY] = SLOTS_A + SLOTS_B + SLOTS_COPY;
		slots_used[OFFICE] = SLOTS_A + SLOTS_B + SLOTS_COPY;
		alive[A] = true;
		alive[B] = HAS_B;
		id[A] = A * IDENTITIES;
		id[B] = B * IDENTITIES;
		id[COPY] = NOBODY;
		own[A] = bit(id[A]);
		own[B] = bit(id[B]);
		ids_used[A] = 1;
		ids_used[B] = 1;
		pend[A] = NOBODY;
		pend[B] = NOBODY;
		pend[COPY] = NOBODY;
		known = bit(id[A]) | bit(id[B]);
		token[A] = 1;
		token[B] = 1;
		latest[id[A]] = 1;
		latest[id[B]] = 1;
		confirmed[id[A]] = 1;
		confirmed[id[B]] = 1;
		exact[A] = true;
		exact[B] = true;
		term = TERM;
		writes[A] = WRITES_A;
		writes[B] = WRITES_B;
		writes[COPY] = WRITES_COPY;
		writes[OFFICE] = WRITES_OFFICE;
		if
		:: AT_ONCE ->
			copy_a();
			back_up()
		:: else
		fi;
		look()
	}
	atomic {
		run vault(A);
		run vault(B);
		run vault(COPY);
		run world()
	}
}
