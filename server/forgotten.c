#include "server/forgotten.h"

#include <string.h>
#include "server/revoke.h"
#include "server/store_agency.h"

/* What followed a revoked one is revoked, too, as it would have been had the
 * office not forgotten it; but not what had followed it before. */
static enum err followers_shut(struct office *office, struct sql *sql,
                               const struct certificate *who)
{
    const char *agency = office->agency;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < who->follow_count; i++) {
        int64_t at;
        err = revoke_find(sql, agency, who->follows[i], &at);
        if (!err && at < who->at)
            err = store_replica_revoke(sql, agency, who->replica, at,
                                       clock_wall_ms(office->clock));
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    return err;
}

enum err forgotten_add(struct office *office, struct sql *sql,
                       const struct certificate *who, struct bytes text,
                       const uint8_t sig[SIGNATURE_BYTES],
                       struct replica_row *out)
{
    const char *agency = office->agency;
    *out = (struct replica_row){.kind = 'w', .enrolled_at = who->at};
    memcpy(out->replica, who->replica, sizeof out->replica);
    memcpy(out->key, who->key, sizeof out->key);
    memcpy(out->transport, who->transport, sizeof out->transport);
    memcpy(out->account, who->user, sizeof out->account);
    memcpy(out->role, who->role, sizeof out->role);
    if (who->follow_count)
        memcpy(out->predecessor, who->follows[0], sizeof out->predecessor);
    enum err err = store_replica_add(sql, agency, out, text, sig);
    if (!err)
        err = forgotten_shut(office, sql, who->replica);
    if (!err)
        err = followers_shut(office, sql, who);
    return err ? err : store_replica_find(sql, agency, who->replica, out);
}

enum err forgotten_shut(struct office *office, struct sql *sql,
                        const char *replica)
{
    int64_t at;
    enum err err = revoke_find(sql, office->agency, replica, &at);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return err ? err
               : store_replica_revoke(sql, office->agency, replica, 0,
                                      clock_wall_ms(office->clock));
}

enum err forgotten_tell(struct office *office, struct sql *sql,
                        const struct replica_row *row)
{
    int64_t since;
    enum err err = store_lineage_at(sql, office->agency, &since);
    return err || row->enrolled_at < since ? err
                                           : office_new_lineage(office, sql);
}
