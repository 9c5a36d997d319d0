#include "tests/unit/server/contributing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void history_begin(struct place *place)
{
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(office_new_lineage(place->office, &place->sql), ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

void erased_add(struct buffer *out, const char *line, int64_t n)
{
    struct erased_line erased = {.n = n};
    hash_bytes(erased.hash, bytes_text(line));
    assert_int_equal(erased_line_write(out, &erased), ERR_OK);
    buffer_add_char(out, '\n');
}

void contribute_around(struct device *by, struct place *place,
                       const struct device *d, struct log_line *log, int64_t n,
                       int64_t erased, struct reply *reply)
{
    struct buffer request, extra;
    struct sign_line sign = {.n = n};
    memcpy(log->replica, d->replica, sizeof log->replica);
    memcpy(log->key, d->keys.public_key, sizeof log->key);
    chain_sign(sign.signature, &d->keys, DOMAIN_LINK,
               bytes_of(d->links[n], LINK_BYTES));
    buffer_init(&extra, 1u << 20);
    buffer_init(&request, 1u << 20);
    assert_int_equal(log_line_write(&extra, log), ERR_OK);
    buffer_add_char(&extra, '\n');
    for (int64_t i = log->from; i <= n; i++)
        if (i == erased)
            erased_add(&extra, d->lines[i], i);
        else
            buffer_printf(&extra, "%s\n", d->lines[i]);
    assert_int_equal(sign_line_write(&extra, &sign), ERR_OK);
    buffer_add_char(&extra, '\n');
    device_request(by, 0, "fix", buffer_text(&extra), &request);
    device_send(by, place, buffer_bytes(&request), reply);
    buffer_fini(&request);
    buffer_fini(&extra);
}

void contribute_log(struct device *by, struct place *place,
                    const struct device *d, struct log_line *log, int64_t n,
                    struct reply *reply)
{
    contribute_around(by, place, d, log, n, 0, reply);
}

void contribute(struct device *by, struct place *place, const struct device *d,
                int64_t n, struct reply *reply)
{
    struct log_line log = {.from = n};
    contribute_log(by, place, d, &log, n, reply);
}
