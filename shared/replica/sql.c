#include "shared/replica/sql.h"

/* How far an identity's log is backed up. */
#ifdef MUTANT_PRUNE_ON_RECEIVED
#define BACKED(identity) identity ".received"
#else
#define BACKED(identity) "min(" identity ".received, " identity ".backed)"
#endif

const char *const sql_of[SQL_COUNT] = {
    [SQL_META_MAKE] =
        "INSERT INTO meta (id, kdf_ops, kdf_bytes, kdf_salt, sealed_key,"
        " device_check, name, tried) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?3, ?6)",
    [SQL_META_KEY] =
        "SELECT kdf_ops, kdf_bytes, kdf_salt, sealed_key, device_check, name"
        " FROM meta WHERE id = 1",
    [SQL_META_KEY_CHANGE] =
        "UPDATE meta SET kdf_ops = ?1, kdf_bytes = ?2, kdf_salt = ?3,"
        " sealed_key = ?4, tried = ?5, tries_max ="
        " iif(?7, max(?7, 0), tries_max) WHERE id = 1 AND sealed_key = ?6",
    [SQL_META_KEY_DESTROY] =
        "UPDATE meta SET sealed_key = zeroblob(length(sealed_key))"
        " WHERE id = 1",
    [SQL_META_TRIED] = "SELECT tried, tries_max FROM meta WHERE id = 1",
    [SQL_META_TRIED_SET] = "UPDATE meta SET tried = ?1 WHERE id = 1",
    [SQL_META_CHANGED] = "UPDATE meta SET change = change + 1 WHERE id = 1",
    [SQL_META_CHANGE] =
        "SELECT change + (SELECT coalesce(max(id), 0) FROM log) FROM meta"
        " WHERE id = 1",
    [SQL_META_EPOCH] = "SELECT epoch, builtin FROM meta WHERE id = 1",
    [SQL_META_EPOCH_SET] =
        "UPDATE meta SET epoch = epoch + 1, builtin = ?1 WHERE id = 1",
    [SQL_META_LEASE] =
        "UPDATE meta SET lease_owner = ?1, lease_until = ?3 WHERE id = 1"
        " AND (lease_owner IS NULL OR lease_owner = ?1 OR lease_until <= ?2"
        " OR lease_until > ?4)",
    [SQL_META_LEASE_END] =
        "UPDATE meta SET lease_owner = NULL, lease_until = 0, synced = CASE"
        " WHEN ?2 THEN ?2 ELSE synced END WHERE id = 1 AND lease_owner = ?1",
    [SQL_META_LEASE_OWNER] =
        "SELECT lease_owner FROM meta WHERE id = 1 AND lease_owner IS NOT NULL",
    [SQL_META_SYNCED] = "SELECT synced FROM meta WHERE id = 1",
    [SQL_META_SYNCED_SET] =
        "UPDATE meta SET synced = ?1 WHERE id = 1"
        " AND abs(synced - ?1) >= 10000", /* idle syncs write nothing */
    [SQL_META_GENERATION] = "SELECT generation FROM meta WHERE id = 1",
    [SQL_META_GENERATION_RAISE] =
        "UPDATE meta SET generation = generation + 1 WHERE id = 1",
    [SQL_INTEGRITY] = "PRAGMA integrity_check(100)",
    [SQL_DATA_VERSION] = "PRAGMA data_version",

    [SQL_REPLICA_FIND] =
        "SELECT id FROM replica WHERE name = ?1 AND branch = ?2",
    [SQL_REPLICA_ADD] = "INSERT INTO replica (name, branch) VALUES (?1, ?2)",

    [SQL_IDENTITY_FIND] = "SELECT id FROM identity WHERE state = ?1",
    [SQL_IDENTITY_GET] =
        "SELECT i.replica, r.name, public_key, secret, transport_key,"
        " transport_secret, succeeds, reason, certificate, certificate_sig,"
        " agency, user, role, server, ca_file, root, box, dictionary, lineage,"
        " token, term, received, received_link, revoked, generation"
        " FROM identity i LEFT JOIN replica r ON r.id = i.replica"
        " WHERE i.id = ?1",
    [SQL_IDENTITY_ADD] =
        "INSERT INTO identity (state, public_key, secret, transport_key,"
        " transport_secret, succeeds, reason)"
        " VALUES ('pending', ?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_IDENTITY_DROP_PENDING] =
        "DELETE FROM identity WHERE state = 'pending'",
    [SQL_IDENTITY_FINISH] =
        "UPDATE identity SET state = 'current', replica = ?2, certificate = ?3,"
        " certificate_sig = ?4, agency = ?5, user = ?6, role = ?7, server = ?8,"
        " ca_file = ?9, root = ?10, box = ?11, dictionary = ?12, lineage = ?13,"
        " generation = (SELECT generation FROM meta WHERE id = 1)"
        " WHERE id = ?1",
    [SQL_IDENTITY_CLOSE] =
        "UPDATE identity SET state = 'closed', token = '' WHERE id = ?1",
    [SQL_IDENTITY_REPLY] =
        "UPDATE identity SET lineage = ?2, token = ?3 WHERE id = ?1",
    [SQL_IDENTITY_TERM] = "UPDATE identity SET term = ?2 WHERE id = ?1",
    [SQL_IDENTITY_RECEIVED] =
        "UPDATE identity SET received = ?2, received_link = ?3 WHERE id = ?1",
    [SQL_IDENTITY_REVOKED] = /* when, by the office's clock */
    "UPDATE identity SET revoked = max(?2, 1) WHERE id = ?1",
    [SQL_IDENTITY_CONTRIBUTE] =
        "UPDATE identity SET contribute_from = ?2, contribute_to = ?3"
        " WHERE id = ?1",
    [SQL_IDENTITY_CONTRIBUTE_MORE] =
        "UPDATE identity SET contribute_from = CASE WHEN contribute_to = 0"
        " THEN ?2 ELSE min(contribute_from, ?2) END,"
        " contribute_to = max(contribute_to, received, ?2)"
        " WHERE state = 'closed' AND replica = ?1",
    [SQL_IDENTITY_CONTRIBUTE_EARLIER] =
        "UPDATE identity SET contribute_from = ?2 WHERE state = 'closed'"
        " AND contribute_to > 0 AND contribute_from > ?2"
        " AND replica IN (SELECT id FROM replica WHERE name = ?1)",
    [SQL_IDENTITY_CONTRIBUTE_WHOLE] =
        "UPDATE identity SET contribute_from = start.n FROM"
        " (SELECT r.id, 1 + coalesce((SELECT max(p.n) FROM pruned p"
        " WHERE p.replica = r.id), 0) AS n FROM replica r WHERE r.name = ?1)"
        " start WHERE state = 'closed' AND replica = start.id"
        " AND contribute_to > 0 AND contribute_from > start.n",
    /* Of what was erased the last line that is still here; a log of which all
     * was erased has nothing to give. */
    [SQL_IDENTITY_CONTRIBUTE_LAST] =
        "UPDATE identity SET contribute_from = CASE WHEN contribute_to = 0"
        " THEN identity_end.n ELSE min(contribute_from, identity_end.n) END,"
        " contribute_to = max(contribute_to, identity_end.n) FROM"
        " (SELECT i.id AS log, max(s.n) AS n FROM identity i"
        " JOIN link s ON s.replica = i.replica AND s.n <= i.received"
        " WHERE i.state = 'closed' AND i.id <> ?1 AND EXISTS (SELECT 1 FROM log"
        " l WHERE l.replica = s.replica AND l.n = s.n) GROUP BY i.id) "
        "identity_end"
        " WHERE id = identity_end.log",
    [SQL_IDENTITY_CONTRIBUTE_STOP] =
        "UPDATE identity SET contribute_from = 0, contribute_to = 0"
        " WHERE state = 'closed' AND contribute_to > 0"
        " AND replica IN (SELECT id FROM replica WHERE name = ?1)",
    [SQL_IDENTITY_CONTRIBUTED] =
        "UPDATE identity SET contribute_from = ?2 + 1,"
        " received_link = CASE WHEN received < ?2 THEN ?3 ELSE received_link"
        " END, received = max(received, ?2) WHERE state = 'closed'"
        " AND id = ?1 AND contribute_from <= ?2",
    [SQL_IDENTITY_CONTRIBUTING] =
        "SELECT i.replica, r.name, public_key, contribute_from, contribute_to,"
        " i.id, i.received FROM identity i JOIN replica r ON r.id = i.replica"
        " WHERE state = 'closed' AND contribute_to >= contribute_from"
        " AND contribute_to > 0 AND i.id > ?1 ORDER BY i.id LIMIT 1",
    [SQL_IDENTITY_CLOSED] =
        "SELECT i.id, i.replica, r.name, i.received, i.agency, i.public_key"
        " FROM identity i JOIN replica r ON r.id = i.replica"
        " WHERE state = 'closed' AND i.id > ?1 ORDER BY i.id LIMIT 1",
    [SQL_IDENTITY_LOGS] = "SELECT id, replica, received, state = 'current',"
                          " min(received, backed) FROM identity"
                          " WHERE replica IS NOT NULL ORDER BY id DESC",
    [SQL_IDENTITY_BACKED] =
        "UPDATE identity SET backed = max(backed, ?2) WHERE id = ?1",
    [SQL_IDENTITY_BACKED_LOWER] =
        "UPDATE identity SET backed = min(backed, ?2) WHERE id = ?1",
    [SQL_IDENTITY_BACKED_OLDER] =
        "UPDATE identity SET backed = 0, told = 0 WHERE state = 'closed'"
        " AND id <> ?1",
    [SQL_IDENTITY_TOLD] =
        "UPDATE identity SET told = max(told, ?2) WHERE id = ?1",
    [SQL_IDENTITY_OLDER] =
        "SELECT r.name, max(i.backed, i.told) FROM identity i JOIN replica r"
        " ON r.id = i.replica WHERE state = 'closed' AND i.backed < i.received"
        " ORDER BY i.id DESC LIMIT ?1",
    [SQL_IDENTITY_CLOSED_NAMED] =
        "SELECT i.id FROM identity i JOIN replica r ON r.id = i.replica"
        " WHERE state = 'closed' AND r.name = ?1",
    [SQL_RECEIPT_PUT] =
        "INSERT INTO receipt (identity, kind, n, link, lineage, term,"
        " signature, taken_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (identity, kind) DO UPDATE SET n = ?3, link = ?4,"
        " lineage = ?5, term = ?6, signature = ?7, taken_at = ?8"
        " WHERE n < ?3 OR lineage <> ?5",
    [SQL_RECEIPT_PROOF] =
        "SELECT c.kind, c.n, c.link, c.lineage, r.name, c.signature,"
        " c.taken_at, t.certificate, t.certificate_sig, i.certificate,"
        " i.certificate_sig FROM identity i"
        " CROSS JOIN receipt c ON c.identity = i.id"
        " JOIN replica r ON r.id = i.replica"
        " JOIN term t ON t.name = c.term"
        " WHERE t.certificate IS NOT NULL ORDER BY i.id, c.kind DESC",
    [SQL_TERM_ADD] =
        "INSERT INTO term (name, key, certificate, certificate_sig)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET key = ?2,"
        " certificate = ?3, certificate_sig = ?4",
    [SQL_TERM_FIND] = "SELECT key FROM term WHERE name = ?1",
    [SQL_TERM_WROTE] =
        "UPDATE term SET wrote = max(wrote, ?2), lineage = ?3, heard_at = ?4"
        " WHERE name = (SELECT term FROM identity WHERE id = ?1)",
    [SQL_TERM_BEFORE] =
        "SELECT name, wrote FROM term WHERE heard_at > 0 AND lineage <>"
        " (SELECT lineage FROM identity WHERE state = 'current')"
        " ORDER BY heard_at DESC LIMIT ?1",

    [SQL_CASE_FIND] =
        "SELECT id, vault_wrap, office_wrap IS NOT NULL FROM case_key"
        " WHERE token = ?1 AND vault_wrap IS NOT NULL",
    [SQL_CASE_GET] =
        "SELECT token, vault_wrap, office_wrap FROM case_key WHERE id = ?1",
    [SQL_CASE_ADD] = "INSERT INTO case_key (token, vault_wrap) VALUES (?1, ?2)",
    [SQL_CASE_OFFICE_WRAP] =
        "UPDATE case_key SET office_wrap = ?2 WHERE id = ?1",
    [SQL_CASE_DESTROY] = "UPDATE case_key SET vault_wrap = NULL WHERE id = ?1",
    [SQL_CASE_DESTROY_ALL] =
        "UPDATE case_key SET vault_wrap = NULL WHERE vault_wrap IS NOT NULL",
    [SQL_CASE_NEXT] =
        "SELECT id FROM case_key WHERE id > ?1 AND vault_wrap IS NOT NULL"
        " ORDER BY id LIMIT 1",

    [SQL_LOG_ADD] = "INSERT INTO log (replica, n, key, body, hash, page)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [SQL_LOG_HEAD] =
        "SELECT max(coalesce((SELECT max(n) FROM log WHERE replica = ?1), 0),"
        " coalesce((SELECT max(n) FROM pruned WHERE replica = ?1), 0))",
    [SQL_LOG_RANGE] =
        "SELECT l.n, l.body, l.key, k.vault_wrap IS NOT NULL, k.office_wrap,"
        " s.signature, k.token, l.id FROM log l JOIN case_key k ON k.id = l.key"
        " LEFT JOIN link s ON s.replica = l.replica AND s.n = l.n"
        " WHERE l.replica = ?1 AND l.n >= ?2 AND l.n <= ?3 ORDER BY l.n, l.key",
    [SQL_LOG_HASHES] =
        "SELECT n, hash FROM log WHERE replica = ?1 AND n > ?2 AND n <= ?3"
        " UNION ALL SELECT n, hash FROM pruned WHERE replica = ?1 AND n > ?2"
        " AND n <= ?3 ORDER BY n",
    [SQL_LOG_RECEIPTED] =
        "SELECT l.key, l.hash FROM log l JOIN case_key k ON k.id = l.key"
        " WHERE l.replica = ?1 AND l.n > ?2 AND l.n <= ?3"
        " AND k.vault_wrap IS NOT NULL",
    [SQL_LOG_OF_RECORD] = "SELECT l.id, r.name, l.n, l.key, l.body, l.replica"
                          " FROM record_line o JOIN log l ON l.id = o.line"
                          " JOIN replica r ON r.id = l.replica"
                          " WHERE o.record = ?1 ORDER BY o.line",
    [SQL_LOG_OF_CASE] =
        "SELECT l.id, l.hash, l.replica, l.n, l.page, r.name, l.key, l.body"
        " FROM record c CROSS JOIN record_line o ON o.record = c.id JOIN log l"
        " ON l.id = o.line JOIN replica r ON r.id = l.replica WHERE c.key = ?1",
    [SQL_LOG_AT] =
        "SELECT r.name, l.n, l.key, l.body, l.hash, l.replica"
        " FROM log l JOIN replica r ON r.id = l.replica WHERE l.id = ?1",
    [SQL_LOG_NEXT] =
        "SELECT l.id, r.name, l.n, l.key, l.body, l.hash, l.replica,"
        " k.vault_wrap IS NOT NULL FROM log l"
        " JOIN replica r ON r.id = l.replica JOIN case_key k ON k.id = l.key"
        " WHERE l.id > ?1 ORDER BY l.id LIMIT 1",
    [SQL_LOG_DOT] =
        "SELECT hash FROM log WHERE replica = ?1 AND n = ?2 UNION ALL"
        " SELECT hash FROM pruned WHERE replica = ?1 AND n = ?2 LIMIT 1",
    [SQL_LOG_RIVALS] =
        "SELECT l.id, l.page FROM replica r JOIN log l ON l.replica = r.id"
        " WHERE r.name = ?1 AND r.branch <> ?2 AND l.n = ?3",
    [SQL_LOG_UNSENT] =
        "SELECT count(DISTINCT l.n) FROM log l"
        " LEFT JOIN carried c ON c.replica = l.replica AND c.n = l.n"
        " WHERE l.replica = ?1 AND l.n > ?2 AND c.n IS NULL",
    [SQL_LOG_SUM] =
        "SELECT c.key, l.hash, l.replica, l.n FROM record c"
        " CROSS JOIN record_line o ON o.record = c.id"
        " JOIN log l ON l.id = o.line WHERE c.key > ?1 ORDER BY c.key",
    [SQL_LINK_ADD] = "INSERT INTO link (replica, n, link, signature, at)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_LINK_BEFORE] =
        "SELECT n, link FROM link WHERE replica = ?1 AND n <= ?2"
        " ORDER BY n DESC LIMIT 1",
    [SQL_LINK_NEXT] =
        "SELECT n, at, link, signature FROM link WHERE replica = ?1 AND n > ?2"
        " ORDER BY n LIMIT 1",
    [SQL_PAGE_ADD] =
        "INSERT INTO page (hashes, mac, lineage) VALUES (?1, ?2, ?3)",
    [SQL_PAGE_GET] = "SELECT hashes, mac FROM page WHERE id = ?1",

    [SQL_PAGE_DROP] = "DELETE FROM page WHERE id = ?1",
    /* The lines of a page stand side by side, but for own ones. */
    [SQL_PAGE_PRUNE] =
        "DELETE FROM page WHERE id = ?1 AND ?1 <> coalesce((SELECT page"
        " FROM log WHERE id < ?2 AND page IS NOT NULL ORDER BY id DESC"
        " LIMIT 1), 0) AND ?1 <> coalesce((SELECT page FROM log WHERE id > ?2"
        " AND page IS NOT NULL ORDER BY id LIMIT 1), 0)",

    [SQL_DEPART_LINES] =
        "INSERT OR IGNORE INTO departed_line (key, line)"
        " SELECT l.key, l.id FROM record r CROSS JOIN record_line o"
        " ON o.record = r.id JOIN log l ON l.id = o.line"
        " WHERE r.key = ?1 AND l.key = ?1",
    [SQL_DEPART] = "INSERT OR IGNORE INTO departed (key, replica, n) SELECT ?1,"
                   " 0, 0 WHERE EXISTS (SELECT 1 FROM departed_line"
                   " WHERE key = ?1)",
    [SQL_DEPART_LINES_ALL] =
        "INSERT OR IGNORE INTO departed_line (key, line)"
        " SELECT l.key, l.id FROM record_line o JOIN log l ON l.id = o.line",
    [SQL_DEPART_ALL] = "INSERT OR IGNORE INTO departed (key, replica, n)"
                       " SELECT DISTINCT key, 0, 0 FROM departed_line",
    [SQL_PRUNE_DUE] =
        "SELECT 1 FROM identity c WHERE c.state = 'current' AND ("
        " EXISTS (SELECT 1 FROM departed WHERE replica < c.replica) OR"
        " EXISTS (SELECT 1 FROM departed WHERE replica = c.replica"
        " AND n <= " BACKED("c") "))",
    /* A later own log has a greater number. */
    [SQL_PRUNE_AWAIT] =
        "UPDATE departed SET replica = ?1, n = ?2 WHERE replica < ?1",
    [SQL_PRUNE_NEXT] =
        "SELECT d.key FROM identity c JOIN departed d"
        " ON d.replica = c.replica AND d.n <= " BACKED(
            "c") " WHERE c.state = 'current' ORDER BY d.n LIMIT 1",
    [SQL_PRUNE_BARRED] =
        "SELECT 1 FROM identity c CROSS JOIN departed_line o"
        " JOIN log l ON l.id = o.line JOIN identity i ON i.replica = l.replica"
        " WHERE c.state = 'current' AND o.key = ?1"
        " AND (i.lineage <> c.lineage OR l.n > " BACKED("i") ") LIMIT 1",
    [SQL_PRUNE_LINE] =
        "SELECT o.line, l.replica, l.n, l.hash, length(l.body), l.page"
        " FROM departed_line o JOIN log l ON l.id = o.line"
        " WHERE o.key = ?1 AND o.line > ?2 AND ?3 = (l.replica IN"
        " (SELECT replica FROM identity)) ORDER BY o.line LIMIT 1",
    [SQL_PRUNE_LOG] = "DELETE FROM log WHERE id = ?1",
    [SQL_PRUNE_LINE_END] =
        "DELETE FROM departed_line WHERE key = ?1 AND line = ?2",
    [SQL_PRUNE_LINES_END] = "DELETE FROM departed_line WHERE key = ?1",
    [SQL_PRUNE_END] = "DELETE FROM departed WHERE key = ?1",
    /* An attachment that waits needs it yet. */
    [SQL_PRUNE_WRAP] =
        "UPDATE case_key SET office_wrap = NULL WHERE id = ?1 AND vault_wrap"
        " IS NULL AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.key = ?1)",
    [SQL_PRUNE_WAITING] = "SELECT count(*) FROM departed",
    [SQL_PRUNED_ADD] =
        "INSERT OR IGNORE INTO pruned (replica, n, hash) VALUES (?1, ?2, ?3)",
    [SQL_PRUNED_NEXT] =
        "SELECT p.n FROM pruned p WHERE p.replica = ?1 AND p.n >= ?2 AND NOT"
        " EXISTS (SELECT 1 FROM log l WHERE l.replica = p.replica"
        " AND l.n = p.n) ORDER BY p.n LIMIT 1",

    [SQL_RECORD_FIND] = "SELECT id, key, state, epoch, own_n, type FROM record"
                        " WHERE token = ?1",
    [SQL_RECORD_ADD] =
        "INSERT INTO record (token, key, type, state, open, epoch, own_n)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_RECORD_STATE] =
        "UPDATE record SET key = ?2, type = ?3, state = ?4, open = ?5,"
        " epoch = ?6, own_n = ?7 WHERE id = ?1",
    [SQL_RECORD_OWN] = "UPDATE record SET own_n = ?2 WHERE id = ?1",
    [SQL_RECORD_OWN_RESET] = "UPDATE record SET own_n = 0 WHERE own_n > 0",
    [SQL_RECORD_NEXT] =
        "SELECT id, token, key, state, epoch, own_n, type FROM record"
        " WHERE id > ?1 AND state IS NOT NULL ORDER BY id LIMIT 1",
    [SQL_RECORD_NEXT_OF_TYPE] =
        "SELECT id, token, key, state, epoch, own_n, type FROM record WHERE"
        " type = ?2 AND id > ?1 AND state IS NOT NULL ORDER BY id LIMIT 1",
    [SQL_RECORD_NEXT_OF_CASE] =
        "SELECT id, token, key, state, epoch, own_n, type FROM record"
        " WHERE key = ?3 AND id > ?1 AND type = ?2 AND state IS NOT NULL"
        " ORDER BY id LIMIT 1",
    [SQL_RECORD_NEXT_OPEN] =
        "SELECT id, token, key, state, epoch, own_n, type FROM record WHERE"
        " open > 0 AND id > ?1 AND state IS NOT NULL ORDER BY id LIMIT 1",
    [SQL_RECORD_OPEN_SUM] = "SELECT sum(open) FROM record WHERE open > 0",
    [SQL_RECORD_NEXT_STALE] =
        "SELECT id, token, key, state, epoch, own_n, type FROM record WHERE"
        " epoch <> ?2 AND id > ?1 AND state IS NOT NULL ORDER BY id LIMIT 1",
    [SQL_RECORD_NEXT_BLANK] =
        "SELECT r.id, r.token, r.key, r.own_n, l.body, l.key, w.name, l.n"
        " FROM record r JOIN record_line o ON o.record = r.id"
        " JOIN log l ON l.id = o.line JOIN replica w ON w.id = l.replica"
        " WHERE r.id > ?1 AND r.state IS NULL AND r.key IS NOT NULL"
        " ORDER BY r.id, o.line LIMIT 1",
    [SQL_RECORD_EPOCH] = "UPDATE record SET epoch = ?2 WHERE id = ?1",
    [SQL_RECORD_LEAVE] =
        "UPDATE record SET key = NULL, type = NULL, state = NULL, open = 0"
        " WHERE key = ?1",
    [SQL_RECORD_LEAVE_ALL] =
        "UPDATE record SET key = NULL, type = NULL, state = NULL, open = 0",
    [SQL_RECORD_LINE_ADD] =
        "INSERT OR IGNORE INTO record_line (record, line) VALUES (?1, ?2)",
    [SQL_RECORD_LINE_OF] = "SELECT l.id FROM log l LEFT JOIN record_line o"
                           " ON o.record = ?4 AND o.line = l.id"
                           " WHERE l.replica = ?1 AND l.n = ?2 AND l.key = ?3"
                           " AND o.line IS NULL",
    [SQL_RECORD_LINE_DROP] =
        "DELETE FROM record_line WHERE record = ?1 AND line = ?2",
    [SQL_RECORD_LINE_HAS] =
        "SELECT 1 FROM record_line WHERE record = ?1 AND line = ?2",
    [SQL_RECORD_LINE_COUNT] = "SELECT count(*) FROM record_line",
    [SQL_RECORD_KEY] = "UPDATE record SET key = ?2 WHERE id = ?1",
    [SQL_RECORD_LINE_LEAVE] = "DELETE FROM record_line WHERE record IN"
                              " (SELECT id FROM record WHERE key = ?1)",
    [SQL_RECORD_LINE_LEAVE_ALL] = "DELETE FROM record_line",

    [SQL_SUM_GET] = "SELECT sum, excess FROM case_sum WHERE key = ?1",
    [SQL_SUM_SET] = "INSERT INTO case_sum (key, sum) VALUES (?1, ?2)"
                    " ON CONFLICT (key) DO UPDATE SET sum = excluded.sum",
    [SQL_SUM_EXCESS] =
        "INSERT INTO case_sum (key, sum, excess) VALUES (?1, 0, ?2)"
        " ON CONFLICT (key) DO UPDATE SET excess = excluded.excess",
    [SQL_SUM_DROP] = "DELETE FROM case_sum WHERE key = ?1",
    [SQL_SUM_DROP_ALL] = "DELETE FROM case_sum",
    [SQL_SUM_OF_SCOPE] = "SELECT s.sum, s.excess FROM membership m JOIN "
                         "case_sum s ON s.key = m.key"
                         " WHERE m.scope = ?1",

    [SQL_CURSOR_NEXT] =
        "SELECT scope, seq, off, own, exact FROM cursor WHERE scope > ?1"
        " ORDER BY scope LIMIT 1",
    [SQL_CURSOR_ADD] = "INSERT OR IGNORE INTO cursor (scope) VALUES (?1)",
    [SQL_CURSOR_SET] =
        "INSERT INTO cursor (scope, seq, off, own, exact)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (scope) DO UPDATE SET"
        " seq = ?2, off = ?3, own = ?4, exact = ?5"
        " WHERE seq <> ?2 OR off <> ?3 OR own <> ?4 OR exact <> ?5",
    [SQL_CURSOR_INEXACT] =
        "UPDATE cursor SET exact = 0 WHERE exact <> 0 AND (scope IN (SELECT"
        " scope FROM membership WHERE key = ?1) OR (?2 AND scope = 'agency'))",
    [SQL_CURSOR_RESET] =
        "UPDATE cursor SET seq = 0, off = 0, own = 0, exact = 0",
    [SQL_CURSOR_DROP] = "DELETE FROM cursor WHERE scope = ?1",
    [SQL_MEMBER_ADD] =
        "INSERT OR IGNORE INTO membership (scope, key) VALUES (?1, ?2)",
    [SQL_MEMBER_DROP] = "DELETE FROM membership WHERE scope = ?1 AND key = ?2",
    [SQL_MEMBER_DROP_CASE] = "DELETE FROM membership WHERE key = ?1",
    [SQL_MEMBER_DROP_SCOPE] = "DELETE FROM membership WHERE scope = ?1",
    [SQL_MEMBER_DROP_ALL] = "DELETE FROM membership",
    [SQL_MEMBER_COUNT] = "SELECT count(*) FROM membership WHERE key = ?1",
    [SQL_MEMBER_NEXT] =
        "SELECT key FROM membership WHERE scope = ?1 AND key > ?2"
        " ORDER BY key LIMIT 1",

    [SQL_MEMBERS] = "SELECT key FROM membership WHERE scope = ?1",
    [SQL_HELD_ADD] =
        "INSERT OR REPLACE INTO held (replica, n, reason) VALUES (?1, ?2, ?3)",
    [SQL_HELD_DROP] = "DELETE FROM held WHERE replica = ?1 AND n = ?2",
    /* What the office has not got any more it judges anew. */
    [SQL_HELD_DROP_FROM] = "DELETE FROM held WHERE replica = ?1 AND n >= ?2",
    [SQL_HELD_GET] = "SELECT reason FROM held WHERE replica = ?1 AND n = ?2",
    [SQL_HELD_COUNT] = "SELECT count(*) FROM held",
    [SQL_CARRIED_ADD] =
        "INSERT OR REPLACE INTO carried (replica, n, record, by_replica, by_n,"
        " generation) VALUES (?1, ?2, ?3, ?4, ?5,"
        " (SELECT generation FROM meta WHERE id = 1))",
    [SQL_CARRIED_GET] =
        "SELECT returned FROM carried WHERE replica = ?1 AND n = ?2",
    [SQL_CARRIED_RETURNED] =
        "UPDATE carried SET returned = 1 WHERE replica = ?1 AND n = ?2",
    [SQL_CARRIED_FIRST] =
        "SELECT min(c.n) FROM replica r JOIN carried c ON c.replica = r.id"
        " WHERE r.name = ?1 AND c.generation > ?2",
    [SQL_CARRIED_BEFORE] =
        "SELECT c.by_n, b.name FROM replica r"
        " JOIN carried c ON c.replica = r.id"
        " JOIN replica b ON b.id = c.by_replica"
        " WHERE r.name = ?1 AND c.generation > ?2 AND c.n <= ?3"
        " AND c.record = ?4 ORDER BY c.n DESC LIMIT 1",

    [SQL_DRAFT_ADD] = "INSERT INTO draft (at, about, text) VALUES (?1, ?2, ?3)",
    [SQL_DRAFT_NEXT] = "SELECT id, at, about, length(text) FROM draft"
                       " WHERE id > ?1 ORDER BY id LIMIT 1",
    [SQL_DRAFT_GET] = "SELECT id, at, about, text FROM draft WHERE id = ?1",
    [SQL_DRAFT_DROP] = "DELETE FROM draft WHERE id = ?1",
    [SQL_DRAFT_COUNT] = "SELECT count(*) FROM draft",

    [SQL_MIRROR_GET] = "SELECT path FROM mirror WHERE id = 1",
    [SQL_MIRROR_SET] = "UPDATE mirror SET path = ?1 WHERE id = 1",
    [SQL_MIRROR_DESTROYED] = "SELECT destroyed FROM mirror WHERE id = 1",
    [SQL_MIRROR_LINE_THERE] =
        "SELECT 1 FROM replica r JOIN log l ON l.replica = r.id"
        " WHERE r.name = ?1 AND l.n = ?2 AND substr(l.body, 1, 8) = ?3"
        " UNION ALL SELECT 1 FROM replica r JOIN pruned p ON p.replica = r.id"
        " WHERE r.name = ?1 AND p.n = ?2 LIMIT 1",
    [SQL_MIRROR_DESTROYING] =
        "UPDATE mirror SET destroyed = destroyed + 1 WHERE id = 1",

    [SQL_BLOB_FIND] = "SELECT id, key, bytes, held, whole, kept FROM blob"
                      " WHERE name = ?1",
    [SQL_BLOB_ADD] = "INSERT INTO blob (name, key, bytes, held, whole)"
                     " VALUES (?1, ?2, ?3, 0, 0)",
    [SQL_BLOB_SET] = "UPDATE blob SET name = ?2, bytes = ?3, held = ?4,"
                     " whole = ?5 WHERE id = ?1",
    [SQL_BLOB_DROP] = "DELETE FROM blob WHERE id = ?1",
    [SQL_BLOB_TOTAL] = "SELECT coalesce(sum(held), 0) FROM blob",
    [SQL_BLOB_UNSENT] = "SELECT b.id, b.name, b.bytes, k.office_wrap"
                        " FROM blob b JOIN case_key k ON k.id = b.key"
                        " WHERE b.id > ?1 AND b.whole = 1 AND b.kept <> ?2"
                        " AND k.office_wrap IS NOT NULL ORDER BY b.id LIMIT 1",
    [SQL_BLOB_WAITING] =
        "SELECT count(*) FROM blob WHERE whole = 1 AND kept = ''",
    [SQL_BLOB_WAITING_BYTES] =
        "SELECT coalesce(sum(bytes), 0) FROM blob WHERE whole = 1"
        " AND kept = ''",
    [SQL_BLOB_KEPT] = "UPDATE blob SET kept = ?2 WHERE id = ?1 AND name = ?3",
    [SQL_BLOB_KEPT_FORGET] = "UPDATE blob SET kept = '' WHERE kept <> ''",
    [SQL_BLOB_GIVEN] = "UPDATE blob SET kept = ?2, given = 1 WHERE id = ?1"
                       " AND name = ?3",
    /* Of cases that have left what never came whole goes at once, and what the
     * office gave: it takes neither from this device any more. */
    [SQL_BLOB_LEAVE] =
        "DELETE FROM blob WHERE key = ?1 AND (whole = 0 OR given = 1)",
    [SQL_BLOB_LEAVE_ALL] = "DELETE FROM blob WHERE whole = 0 OR given = 1",
    [SQL_BLOB_LET_GO] = "UPDATE blob SET going = 1 WHERE key = ?1",
    [SQL_BLOB_LET_GO_ALL] = "UPDATE blob SET going = 1 WHERE whole = 1",
    [SQL_BLOB_ASK_ALL] = "UPDATE blob SET asked_at = 0 WHERE going = 1",
    [SQL_BLOB_GOING] =
        "SELECT b.id, b.name, b.bytes, k.office_wrap FROM blob b"
        " JOIN case_key k ON k.id = b.key WHERE b.going = 1"
        " AND (b.asked_at <= ?2 - ?3 OR b.asked_at > ?2 + ?3)"
        " AND b.whole = 1 AND b.kept = ?1 AND k.office_wrap IS NOT NULL"
        " LIMIT 1",
    [SQL_BLOB_ASKED] = "UPDATE blob SET asked_at = ?2 WHERE id = ?1",
    [SQL_BLOB_GOING_COUNT] = "SELECT count(*) FROM blob WHERE going = 1",
    [SQL_BLOB_CHUNK_PUT] =
        "INSERT INTO blob_chunk (blob, seq, body) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (blob, seq) DO UPDATE SET body = excluded.body",
    [SQL_BLOB_CHUNK_GET] =
        "SELECT body FROM blob_chunk WHERE blob = ?1 AND seq = ?2",
    [SQL_BLOB_CHUNKS_DROP] = "DELETE FROM blob_chunk WHERE blob = ?1",
    [SQL_BLOB_CHUNKS_LEAVE] =
        "DELETE FROM blob_chunk WHERE blob IN (SELECT id FROM blob"
        " WHERE key = ?1 AND (whole = 0 OR given = 1))",
    [SQL_BLOB_CHUNKS_LEAVE_ALL] =
        "DELETE FROM blob_chunk WHERE blob IN (SELECT id FROM blob"
        " WHERE whole = 0 OR given = 1)",
};
