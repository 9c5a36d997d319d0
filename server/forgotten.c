#include "server/forgotten.h"

#include <string.h>
#include "server/revoke.h"
#include "server/store_agency.h"

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
    return err ? err : store_replica_find(sql, agency, who->replica, out);
}

enum err forgotten_shut(struct office *office, struct sql *sql,
                        const char *replica)
{
    bool revoked;
    enum err err = revoke_find(sql, office->agency, replica, &revoked);
    return err || !revoked
               ? err
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
